import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { CassandraCluster } from '../../tools/cassandra/cassandra-cluster.ts';
import type { CassandraNode } from '../../tools/cassandra/cassandra-node.ts';
import { runCql } from '../../tools/cassandra/cql-line.ts';
import type { CassandraSettings, NodeAddress } from '../../tools/cassandra/node-files.ts';
import { freePorts } from '../../tools/free-ports.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

export { DATA_CENTER } from '../../tools/cassandra/cassandra-cluster.ts';

/**
 * `host:port` of the Cassandra that all test files of the run share: for tests that break nothing. With KATBUS_TEST_CASSANDRA it is that one.
 * Declare `await requires('cassandra')` first.
 */
export async function sharedCassandra(): Promise<string> {
  const answer = await fetch(inject('sharedCassandraUrl'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`no shared Cassandra: ${text}`);
  return text;
}

/** A name for a keyspace that no other test has. `await using` drops it, if it was made. */
export function freshKeyspace(contactPoint: string): AsyncDisposable & { readonly name: string } {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const [host = '', port = ''] = contactPoint.split(':');
  return {
    name,
    async [Symbol.asyncDispose]() {
      await runCql({ host, port: Number(port) }, [`DROP KEYSPACE IF EXISTS ${name}`]);
    },
  };
}

export interface TestCassandraOptions {
  /** Default 1. More than one need a machine with all of 127.0.0.0/8: Linux. */
  readonly nodes?: number;
  /** Of each node; default 1G, of several 512M. */
  readonly heap?: string;
  /** Keys of cassandra.yaml. */
  readonly settings?: CassandraSettings;
  /** It is to be as fast as it can, as for a benchmark; a start takes twice as long. */
  readonly isFast?: boolean;
  /** Where its data are; default a temporary folder. */
  readonly home?: string;
}

/** A Cassandra of a test's own, to be broken: `await using`, or `stop()`, ends it and removes its data. */
export class TestCassandra implements AsyncDisposable {
  readonly nodes: readonly CassandraNode[];
  readonly contactPoints: readonly string[];
  readonly #folder: TemporaryFolder;

  private constructor({ nodes, contactPoints }: CassandraCluster, folder: TemporaryFolder) {
    this.nodes = nodes;
    this.contactPoints = contactPoints;
    this.#folder = folder;
  }

  static async start(options: TestCassandraOptions = {}): Promise<TestCassandra> {
    const { nodes: count = 1, settings, home } = options;
    const folder = await temporaryFolder('cassandra');
    try {
      const nodes = count === 1 ? [await oneAddress()] : severalAddresses(count);
      const heap = options.heap ?? (count === 1 ? '1G' : '512M');
      const cluster = await CassandraCluster.start({
        nodes,
        home: home ?? folder.path,
        heap,
        settings,
        isBrief: !(options.isFast ?? false),
      });
      return new TestCassandra(cluster, folder);
    } catch (error) {
      await folder.remove();
      throw error;
    }
  }

  /** The only one, or the first. */
  get node(): CassandraNode {
    const [node] = this.nodes;
    if (node === undefined) throw new Error('no node');
    return node;
  }

  /** Statements for the first node, without values. */
  async cql(...statements: readonly string[]): Promise<void> {
    await runCql(this.node.address, statements);
  }

  /**
   * The node's data as they are at this moment, as if the machine had lost power and had written everything: it is frozen meanwhile.
   * @returns what {@link putBack} takes
   */
  async image(): Promise<string> {
    const image = join(this.#folder.path, `image-${randomBytes(4).toString('hex')}`);
    await this.node.pause();
    try {
      await copy(join(this.node.home, 'data'), image);
    } finally {
      this.node.resume();
    }
    return image;
  }

  /** The data of a stopped node become those of an image: all that was written since is gone. */
  async putBack(image: string): Promise<void> {
    const data = join(this.node.home, 'data');
    await rm(data, { recursive: true });
    await copy(image, data);
  }

  async stop(): Promise<void> {
    // Its data go anyway: nothing has to be drained.
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.#folder.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function oneAddress(): Promise<NodeAddress> {
  const host = '127.0.0.1';
  const [port = 0, storagePort = 0] = await freePorts(host, 2);
  return { host, port, storagePort };
}

/** Nodes of a cluster have one port and an address each; a network of their own keeps two clusters apart. */
function severalAddresses(count: number): NodeAddress[] {
  const network = `127.${randomInt(1, 255)}.${randomInt(0, 256)}`;
  return Array.from({ length: count }, (_, index) => {
    return { host: `${network}.${index + 1}`, port: 9042, storagePort: 7000 };
  });
}

/** With the exact times of files: a node that was at work on some looks at them, and refuses to start when they are others. */
async function copy(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to]);
}
