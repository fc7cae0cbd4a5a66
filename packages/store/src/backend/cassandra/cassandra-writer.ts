import { StoreError } from '../../errors.ts';
import type { WriteSummary } from '../backend.ts';
import type { WriteBatch } from '../write-batch.ts';
import { AcknowledgedTimes } from './acknowledged-times.ts';
import type { CassandraBackendOptions } from './cassandra-backend.ts';
import { CASSANDRA_DEFAULTS } from './cassandra-options.ts';
import { Catalogue } from './catalogue/catalogue.ts';
import type { Layout, LayoutWriter } from './layout.ts';
import { layoutOf } from './layouts.ts';
import { prepareSchema } from './schema/prepare-schema.ts';
import type { CqlSession } from './session/cql-session.ts';
import { openSession } from './session/open-session.ts';

/** What the daemon's own thread has of an archive: a session, the catalogue, and the layout's writer. */
export class CassandraWriter {
  readonly #options: CassandraBackendOptions;
  readonly #layout: Layout;
  readonly #session: CqlSession;
  readonly #samples: LayoutWriter;
  /** Of the archive, made anew with the keyspace. */
  #identity: string;
  readonly #acknowledged = new AcknowledgedTimes();
  #loading: Promise<Catalogue> | undefined;
  #schema: 'there' | 'missing' = 'there';
  /** Why what was written lately may be gone: told with the next write. */
  #setBack: string | undefined;

  private constructor(
    options: CassandraBackendOptions,
    layout: Layout,
    session: CqlSession,
    identity: string,
  ) {
    this.#options = options;
    this.#layout = layout;
    this.#session = session;
    this.#identity = identity;
    this.#samples = layout.writer(session);
  }

  /** @throws {StoreError} */
  static async open(options: CassandraBackendOptions): Promise<CassandraWriter> {
    const session = await openSession(options.cassandra);
    try {
      const layout = layoutOf(options);
      const { identity } = await prepareSchema(session, layout);
      return new CassandraWriter(options, layout, session, identity);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Read when it is first asked for: an archive that another process writes to is a waste to know. @throws {StoreError} */
  async catalogue(): Promise<Catalogue> {
    const { keepDays = CASSANDRA_DEFAULTS.keepDays } = this.#options.cassandra;
    const loading = (this.#loading ??= Catalogue.open(this.#session, { ...this.#options, keepDays }));
    try {
      return await loading;
    } catch (error) {
      if (this.#loading === loading) this.#loading = undefined;
      throw error;
    }
  }

  /** What another process has written is known from here on. @throws {StoreError} */
  async reload(): Promise<void> {
    if (this.#loading === undefined) await this.catalogue();
    else await (await this.catalogue()).reload();
  }

  /**
   * Sensors first, so that no sample is without one; the floor last, so that nothing is missing below it.
   * @throws {StoreError}
   */
  async write(batch: WriteBatch): Promise<WriteSummary> {
    try {
      const catalogue = await this.catalogue();
      if (this.#schema === 'missing') await this.#mend(catalogue);
      const prepared = await catalogue.prepare(batch);
      if (prepared.samples.columns.count > 0) await this.#samples.write(prepared.samples);
      const summary = await catalogue.commit(prepared);
      this.#acknowledged.add(Date.now());
      const setBack = this.#setBack;
      this.#setBack = undefined;
      return setBack === undefined ? summary : { ...summary, setBack };
    } catch (error) {
      if (error instanceof StoreError && error.code === 'SCHEMA') this.#schema = 'missing';
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#samples.close();
    const catalogue = await this.#loading?.catch(() => undefined);
    await catalogue?.close();
    await this.#session.close();
  }

  /** Somebody dropped tables: they are made again, and filled again with what the stream still has. */
  async #mend(catalogue: Catalogue): Promise<void> {
    // A session of its own makes the keyspace, if that is gone too.
    await (await openSession(this.#options.cassandra)).close();
    const { identity, lostTables } = await prepareSchema(this.#session, this.#layout);
    const isAnother = identity !== this.#identity;
    this.#identity = identity;
    this.#schema = 'there';
    if (isAnother) this.#goBack(-Infinity, 'its keyspace was dropped', catalogue);
    else if (lostTables.length > 0) {
      this.#goBack(-Infinity, `tables were dropped: ${lostTables.join(', ')}`, catalogue);
    }
  }

  /** @param lostSinceMs what was acknowledged shortly before may be gone; -Infinity: everything */
  #goBack(lostSinceMs: number, why: string, catalogue: Catalogue): void {
    this.#setBack = why;
    this.#samples.forgetWritten?.();
    catalogue.setBack(lostSinceMs);
  }
}
