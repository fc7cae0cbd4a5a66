import type { CqlSession } from '../session/cql-session.ts';

const SELECT = 'SELECT keyspace_name, mebibytes FROM system_views.disk_usage';
const MIB = 1024 ** 2;
/** A node adds its files up anew each time. */
const FRESH_MS = 10_000;

/**
 * What the archive's keyspace takes on the disk of the node that answers: on a cluster, about the cluster's size divided by its nodes. In whole MiB, and what is in
 * memory or in the commit log is not counted.
 */
export class DiskUsage {
  readonly #session: CqlSession;
  #asked: { readonly atMs: number; readonly bytes: Promise<number> } | undefined;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** @throws {StoreError} */
  bytes(): Promise<number> {
    const nowMs = performance.now();
    if (this.#asked === undefined || nowMs - this.#asked.atMs > FRESH_MS) {
      const asked = { atMs: nowMs, bytes: this.#ask() };
      this.#asked = asked;
      asked.bytes.catch(() => {
        if (this.#asked === asked) this.#asked = undefined;
      });
    }
    return this.#asked.bytes;
  }

  async #ask(): Promise<number> {
    const rows = await this.#session.execute(SELECT);
    const ours = rows.filter(({ keyspace_name }) => keyspace_name === this.#session.keyspace);
    return MIB * ours.reduce((sum, { mebibytes }) => sum + Number(mebibytes), 0);
  }
}
