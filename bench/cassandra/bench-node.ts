import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CassandraCluster } from '../../tools/cassandra/cassandra-cluster.ts';
import { runCql } from '../../tools/cassandra/cql-line.ts';
import { freePorts } from '../../tools/free-ports.ts';
import { cpuSeconds } from '../support/process-usage.ts';

const run = promisify(execFile);

const LOOK_EACH_MS = 1_000;
/** Of one core, over a look. */
const QUIET_SHARE = 0.15;
const QUIET_WITHIN_MS = 120_000;

/** On a machine that is busy with other things too, a loader without retries would end at the first answer after 2 s. */
const PATIENT = { write_request_timeout: '30s', read_request_timeout: '30s' };

/** One Cassandra, a process of its own, for all that a benchmark compares. */
export class BenchNode {
  readonly contactPoint: string;
  readonly pid: number;
  readonly #cluster: CassandraCluster;
  readonly #home: string;
  readonly #heap: string;

  private constructor(cluster: CassandraCluster, home: string, heap: string) {
    const [node] = cluster.nodes;
    const [contactPoint] = cluster.contactPoints;
    if (node?.pid === undefined || contactPoint === undefined) throw new Error('the node has ended');
    this.contactPoint = contactPoint;
    this.pid = node.pid;
    this.#cluster = cluster;
    this.#home = home;
    this.#heap = heap;
  }

  static async start(home: string, heap: string): Promise<BenchNode> {
    const host = '127.0.0.1';
    const [port = 0, storagePort = 0] = await freePorts(host, 2);
    const nodes = [{ host, port, storagePort }];
    return new BenchNode(await CassandraCluster.start({ nodes, home, heap, settings: PATIENT }), home, heap);
  }

  /** Waits until it has done what was left to do: flushing, merging files. What comes next is to begin like what came before. */
  async quiet(): Promise<void> {
    const deadline = performance.now() + QUIET_WITHIN_MS;
    for (let quietLooks = 0; quietLooks < 2 && performance.now() < deadline;) {
      const before = cpuSeconds(this.pid);
      await delay(LOOK_EACH_MS);
      const share = (cpuSeconds(this.pid) - before) / (LOOK_EACH_MS / 1_000);
      quietLooks = share < QUIET_SHARE ? quietLooks + 1 : 0;
    }
  }

  async drop(keyspace: string): Promise<void> {
    const [host = '', port = ''] = this.contactPoint.split(':');
    await runCql({ host, port: Number(port) }, [`DROP KEYSPACE IF EXISTS ${keyspace}`], 120_000);
  }

  /** Another process on the same data, with nothing in memory: neither its own, nor what the kernel keeps of its files. */
  async startedAnew(): Promise<BenchNode> {
    await this.stop();
    // Only what is on the disk can be dropped.
    await run('sync', ['-f', this.#home]);
    await run('find', [
      this.#home,
      '-type',
      'f',
      '-exec',
      'dd',
      'if={}',
      'iflag=nocache',
      'count=0',
      'status=none',
      ';',
    ]);
    return BenchNode.start(this.#home, this.#heap);
  }

  async stop(): Promise<void> {
    await this.#cluster.stop();
  }
}
