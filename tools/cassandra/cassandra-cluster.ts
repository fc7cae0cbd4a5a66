import { join } from 'node:path';
import { CassandraNode } from './cassandra-node.ts';
import type { CassandraNodeOptions } from './cassandra-node.ts';
import type { NodeAddress } from './node-files.ts';

export interface CassandraClusterOptions extends Omit<CassandraNodeOptions, 'place'> {
  readonly nodes: readonly NodeAddress[];
}

/** SimpleSnitch knows one data center, and this is its name. */
export const DATA_CENTER = 'datacenter1';

const SEEN_WITHIN_MS = 60_000;

/** Nodes on this machine that know each other, each in a folder of its own below `home`. */
export class CassandraCluster {
  readonly nodes: readonly CassandraNode[];

  private constructor(nodes: readonly CassandraNode[]) {
    this.nodes = nodes;
  }

  /**
   * Starts one node after the other: two that join at once would take each other for absent.
   * @throws {CassandraStartError}
   */
  static async start({
    nodes: places,
    home,
    ...options
  }: CassandraClusterOptions): Promise<CassandraCluster> {
    const nodes: CassandraNode[] = [];
    const seen = places.map(() => new Set<string>());
    for (const [index, { host }] of places.entries()) {
      nodes.push(
        new CassandraNode({
          ...options,
          home: places.length === 1 ? home : join(home, host),
          place: { nodes: places, index },
          onLogLine: (line) => {
            const other = / (\S+) is now UP/.exec(line)?.[1];
            if (other !== undefined) seen[index]?.add(other.replace(/^.*\//, ''));
            options.onLogLine?.(line);
          },
        }),
      );
    }
    const cluster = new CassandraCluster(nodes);
    try {
      for (const node of nodes) {
        options.onProgress?.(`starting Cassandra on ${node.address.host}:${node.address.port}`);
        await node.start();
      }
      await cluster.#allSee(seen);
      return cluster;
    } catch (error) {
      await Promise.all(nodes.map((node) => node.kill()));
      throw error;
    }
  }

  /** `127.0.0.1:9042` of each node. */
  get contactPoints(): readonly string[] {
    return this.nodes.map(({ address }) => `${address.host}:${address.port}`);
  }

  /** All at once: none is left to which another could hand its share. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async #allSee(seen: readonly ReadonlySet<string>[]): Promise<void> {
    const deadline = performance.now() + SEEN_WITHIN_MS;
    const others = this.nodes.length - 1;
    while (seen.some(({ size }) => size < others)) {
      if (performance.now() > deadline)
        throw new Error(`the nodes did not see each other in ${SEEN_WITHIN_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
