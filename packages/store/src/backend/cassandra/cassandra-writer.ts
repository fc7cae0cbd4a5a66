import { StoreError } from '../../errors.ts';
import type { WriteSummary } from '../backend.ts';
import type { WriteBatch } from '../write-batch.ts';
import type { CassandraBackendOptions } from './cassandra-backend.ts';
import { CASSANDRA_DEFAULTS } from './cassandra-options.ts';
import { newestOf } from './catalogue/announcements.ts';
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
  #loading: Promise<Catalogue> | undefined;
  /** Once it is loaded. */
  #catalogue: Catalogue | undefined;
  #schema: 'there' | 'missing' = 'there';
  /** Somebody had dropped them before it was opened. */
  #lostTables: readonly string[] = [];
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
    let writer: CassandraWriter | undefined;
    const session = await openSession(options.cassandra, (news) => {
      options.onEvent?.({ type: 'session', news });
      // What boots before there is a writer has taken nothing of ours.
      if (news.type === 'booted' && writer !== undefined) writer.#goBack(news.knownUntilMs, news.message);
    });
    try {
      const layout = layoutOf(options);
      const { identity, lostTables } = await prepareSchema(session, layout);
      writer = new CassandraWriter(options, layout, session, identity);
      writer.#lostTables = lostTables;
      options.onEvent?.({ type: 'opened', status: () => session.status });
      return writer;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Tells the archive from every other, for as long as its keyspace lives. */
  get archive(): string {
    return this.#identity;
  }

  /** Read when it is first asked for: an archive that another process writes to is a waste to know. @throws {StoreError} */
  async catalogue(): Promise<Catalogue> {
    const loading = (this.#loading ??= this.#openCatalogue());
    try {
      const catalogue = (this.#catalogue = await loading);
      if (this.#lostTables.length > 0) {
        this.#goBack(-Infinity, `tables are gone: ${this.#lostTables.join(', ')}`);
        this.#lostTables = [];
      }
      return catalogue;
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
      if (this.#schema === 'missing') await this.#mend();
      const catalogue = await this.catalogue();
      const prepared = await catalogue.prepare(batch);
      if (prepared.samples.columns.count > 0) await this.#samples.write(prepared.samples);
      if (batch.attributes.length > 0) await this.#samples.describe?.(newestOf(prepared.announcements));
      const summary = await catalogue.commit(prepared);
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
    this.#options.onEvent?.({ type: 'closed' });
    await this.#session.close();
  }

  #openCatalogue(): Promise<Catalogue> {
    const { cassandra, onEvent, ...options } = this.#options;
    return Catalogue.open(this.#session, {
      ...options,
      keepDays: cassandra.keepDays ?? CASSANDRA_DEFAULTS.keepDays,
      onTrouble: (what, error) => onEvent?.({ type: 'trouble', what, error }),
    });
  }

  /** Somebody dropped tables: they are made again, and filled again with what the stream still has. */
  async #mend(): Promise<void> {
    // A session of its own makes the keyspace, if that is gone too.
    await (await openSession(this.#options.cassandra)).close();
    const { identity, lostTables } = await prepareSchema(this.#session, this.#layout);
    const isAnother = identity !== this.#identity;
    this.#identity = identity;
    this.#schema = 'there';
    const gone = isAnother ? 'the whole keyspace' : lostTables.join(', ');
    if (gone !== '') this.#goBack(-Infinity, `tables are gone: ${gone}`);
  }

  /** @param lostSinceMs what was acknowledged shortly before, and since then, may be gone; -Infinity: everything */
  #goBack(lostSinceMs: number, why: string): void {
    this.#setBack = why;
    this.#samples.forgetWritten?.();
    this.#catalogue?.setBack(lostSinceMs);
  }
}
