import {
  CassandraBackend,
  type CassandraBackendOptions,
} from '../../../src/backend/cassandra/cassandra-backend.ts';
import type { LayoutName } from '../../../src/backend/cassandra/layout.ts';
import { openSession } from '../../../src/backend/cassandra/session/open-session.ts';
import { freshKeyspace, sharedCassandra } from '../../../../../test/support/cassandra.ts';
import type { BackendUnderTest } from '../backend-suite.ts';

/** Opens one empty archive after the other in one keyspace: making tables anew for each test would take longer than all the rest. */
export class TruncatedKeyspace implements AsyncDisposable {
  readonly #layout: LayoutName;
  readonly #contactPoint: string;
  readonly #keyspace: ReturnType<typeof freshKeyspace>;

  private constructor(layout: LayoutName, contactPoint: string) {
    this.#layout = layout;
    this.#contactPoint = contactPoint;
    this.#keyspace = freshKeyspace(contactPoint);
  }

  static async make(layout: LayoutName): Promise<TruncatedKeyspace> {
    return new TruncatedKeyspace(layout, await sharedCassandra());
  }

  get options(): CassandraBackendOptions {
    return {
      cassandra: { contactPoints: [this.#contactPoint], keyspace: this.#keyspace.name },
      layout: this.#layout,
    };
  }

  async open({ quarantineBytes }: { quarantineBytes: number }): Promise<BackendUnderTest> {
    const backend = await CassandraBackend.open({ ...this.options, quarantineBytes });
    return {
      backend,
      // All that is journalled is due then.
      closeDays: () => backend.keep(Date.now() + 7 * 86_400_000),
      dispose: async () => {
        await backend.close();
        await this.#truncate();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keyspace[Symbol.asyncDispose]();
  }

  async #truncate(): Promise<void> {
    const session = await openSession(this.options.cassandra);
    try {
      const tables = await session.execute(
        'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?',
        [this.#keyspace.name],
      );
      // What the archive is stays.
      const names = tables.map((row) => String(row.table_name)).filter((name) => name !== 'archive');
      await Promise.all(names.map((name) => session.execute(`TRUNCATE ${name}`)));
    } finally {
      await session.close();
    }
  }
}
