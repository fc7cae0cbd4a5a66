import { setTimeout as delay } from 'node:timers/promises';
import { CassandraBackend, type CassandraBackendOptions } from '../backend/cassandra/cassandra-backend.ts';
import { LEAST_SEAL_AFTER_SECONDS } from '../backend/cassandra/chunks/chunks-options.ts';
import { LAYOUTS, type LayoutName } from '../backend/cassandra/layout.ts';
import { openSession, type SessionOptions } from '../backend/cassandra/session/open-session.ts';
import type { CqlSession } from '../backend/cassandra/session/cql-session.ts';
import { CopyError, SAFE_AFTER_SECONDS, type CopyArchive } from './copy-archive.ts';

export interface CassandraArchiveOptions {
  readonly session: SessionOptions & { readonly keyspace: string };
  /** Of a keyspace that has none yet; absent: `chunks`. */
  readonly layout?: LayoutName | undefined;
  readonly mustExist: boolean;
  /** Default {@link SAFE_AFTER_SECONDS}. */
  readonly safeAfterSeconds?: number | undefined;
  /** Of the back end, other than usual. */
  readonly backend?: Partial<CassandraBackendOptions> | undefined;
}

/** A store that is active records its floor at least every five seconds. */
const ACTIVE_SECONDS = 20;
/** So many samples are found in a journal fast enough. */
const FEW_SAMPLES = 2_000_000;
const DAY_SECONDS = 86_400;

/**
 * A keyspace that no store writes to meanwhile.
 * @throws {StoreError} @throws {CopyError} it cannot be copied as it is
 */
export async function openCassandraArchive({
  session: options,
  layout,
  mustExist,
  safeAfterSeconds = SAFE_AFTER_SECONDS,
  backend: others,
}: CassandraArchiveOptions): Promise<CopyArchive> {
  const present = await look(options);
  const name = `keyspace ${options.keyspace}`;
  if (present === undefined && mustExist) throw new CopyError(`${name} holds no archive`);
  if (present?.isActive === true) {
    throw new CopyError(`a store writes to ${name}: stop it first; the stream keeps what comes meanwhile`);
  }
  const chosen = present?.layout ?? layout ?? 'chunks';
  const backend = await CassandraBackend.open({
    // How long samples are kept is the store's to say.
    cassandra: { ...options, ...(present && { keepDays: present.keepDays }) },
    layout: chosen,
    chunks: { sealEverySeconds: 60, sealAfterSeconds: LEAST_SEAL_AFTER_SECONDS },
    ...others,
  });
  let identity: string;
  try {
    // The layout's own work belongs to whoever writes.
    if (!mustExist) await backend.takeOver();
    // Of a keyspace that had no archive, that which has just been made.
    ({ identity } = present ?? (await look(options))!);
  } catch (error) {
    await backend.close();
    throw error;
  }
  return {
    backend,
    identity,
    makeSafe: () => Promise.resolve(),
    safeAfterSeconds,
    batchSamples: 50_000,
    prepareReading: () => Promise.resolve(),
    settle: async (samples, tell) => {
      if (chosen !== 'chunks' || samples <= FEW_SAMPLES) return;
      const waitSeconds = LEAST_SEAL_AFTER_SECONDS + 60;
      tell(`waiting ${waitSeconds} s until the journal can be made into chunks`);
      await delay(waitSeconds * 1000);
      await backend.keep(Date.now());
    },
    close: () => backend.close(),
  };
}

interface PresentArchive {
  readonly identity: string;
  readonly layout: LayoutName;
  readonly keepDays: number;
  readonly isActive: boolean;
}

/** What is in the keyspace; undefined: no archive. */
async function look(
  options: SessionOptions & { readonly keyspace: string },
): Promise<PresentArchive | undefined> {
  const { keyspace } = options;
  // Looking makes nothing: a session makes its keyspace when there is none.
  const session = await openSession({ ...options, keyspace: 'system' });
  try {
    const tables = await session.execute(
      'SELECT table_name, default_time_to_live FROM system_schema.tables WHERE keyspace_name = ?',
      [keyspace],
    );
    if (!tables.some(({ table_name }) => table_name === 'archive')) return undefined;
    const [row] = await session.execute(`SELECT identity, layout FROM ${keyspace}.archive WHERE one = 1`);
    if (row === undefined) return undefined;
    const layout = LAYOUTS.find((known) => known === row.layout);
    if (layout === undefined) throw new CopyError(`keyspace ${keyspace} has layout ${String(row.layout)}`);
    const lives = tables.filter(({ table_name }) =>
      ['samples', 'chunks', 'mon'].includes(String(table_name)),
    );
    const liveSeconds = Math.max(0, ...lives.map(({ default_time_to_live }) => Number(default_time_to_live)));
    const keepDays = liveSeconds / DAY_SECONDS;
    return { identity: String(row.identity), layout, keepDays, isActive: await isActive(session, keyspace) };
  } finally {
    await session.close();
  }
}

async function isActive(session: CqlSession, keyspace: string): Promise<boolean> {
  const recorded = async () => {
    const rows = await session.execute(`SELECT recorded_t FROM ${keyspace}.floors WHERE one = 1`);
    return Math.max(0, ...rows.map(({ recorded_t }) => Number(recorded_t)));
  };
  const before = await recorded();
  if (before < 1000 * (Date.now() - 1000 * ACTIVE_SECONDS)) return false;
  // One that has just been stopped has recorded a floor too, and does so no more.
  await delay(ACTIVE_SECONDS * 500);
  return (await recorded()) > before;
}
