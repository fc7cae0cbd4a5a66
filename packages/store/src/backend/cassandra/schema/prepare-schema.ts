import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../../errors.ts';
import type { Layout } from '../layout.ts';
import type { CqlRow, CqlSession } from '../session/cql-session.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { makesTable, tableStatement, type TableStatement } from './table-statement.ts';

/** What is in a keyspace whose schema is as it must be. */
export interface PreparedSchema {
  /** Tells this archive from every other, for as long as its keyspace lives. */
  readonly identity: string;
  /** Tables that were missing although the archive is there: somebody dropped them, and what they held is gone. The stream is to be read again. */
  readonly lostTables: readonly string[];
}

/** Nodes learn of a change one after the other: what another store has just made may not be there for us yet. */
const AGREED_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 250;

/** What is known after some of it was done. */
interface Progress {
  /** Whether there was an archive before. */
  wasThere?: boolean;
  readonly missing: Set<string>;
}

/**
 * Makes the tables that are missing, brings older ones to this version, and gives tables of samples the life that the layout's statements say.
 * The keyspace is there already. May be called again at any time, as after an error SCHEMA, and by several stores at once.
 * @throws {StoreError} SCHEMA_VERSION: a later version has been here; FOREIGN_FILE: the keyspace has another layout
 */
export async function prepareSchema(
  session: CqlSession,
  layout: Pick<Layout, 'name' | 'tables'>,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<PreparedSchema> {
  const progress: Progress = { missing: new Set() };
  const untilMs = performance.now() + AGREED_WITHIN_MS;
  for (;;) {
    try {
      const identity = await prepare(session, layout, migrations, progress);
      return { identity, lostTables: progress.wasThere === true ? [...progress.missing] : [] };
    } catch (error) {
      const mayCome = error instanceof StoreError && error.code === 'SCHEMA';
      if (!mayCome || performance.now() > untilMs) throw error;
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** @returns the archive's identity */
async function prepare(
  session: CqlSession,
  layout: Pick<Layout, 'name' | 'tables'>,
  migrations: readonly Migration[],
  progress: Progress,
): Promise<string> {
  const { missing } = progress;
  const before = await tablesOf(session);
  const first = migrations[0]!;
  const check = (row: CqlRow) => checkArchive(session, row, layout.name, migrations.at(-1)!.version);
  const found = before.has('archive') ? await archiveRow(session) : undefined;
  // Before anything is made: what is not ours is not touched.
  if (found !== undefined) check(found);
  progress.wasThere ??= found !== undefined;
  const tables = layout.tables.map(tableStatement);
  await makeMissing(session, tablesMadeBy([first]), before, missing);
  // All of them before there is an archive: who comes meanwhile must not take for lost what is not made yet.
  if (found === undefined) await makeMissing(session, tables, before, missing);
  const row = found ?? (await firstRow(session, layout.name, first.version));
  if (found === undefined) check(row);
  const version = Number(row.version);
  const done = migrations.filter((migration) => migration !== first && migration.version <= version);
  for (const { name } of tablesMadeBy(done)) if (!before.has(name)) missing.add(name);
  // What is made anew lacks what later versions have added to it.
  await migrate(session, migrations, missing.size === 0 ? version : first.version);
  if (found !== undefined) await makeMissing(session, tables, before, missing);
  for (const table of tables) await adaptLife(session, table, before.get(table.name));
  return String(row.identity);
}

/** Tables of the keyspace by name, with the life of their rows in seconds. */
async function tablesOf(session: CqlSession): Promise<ReadonlyMap<string, number>> {
  const rows = await session.execute(
    'SELECT table_name, default_time_to_live FROM system_schema.tables WHERE keyspace_name = ?',
    [session.keyspace],
  );
  return new Map(rows.map((row) => [String(row.table_name), Number(row.default_time_to_live)]));
}

function tablesMadeBy(migrations: readonly Migration[]): TableStatement[] {
  return migrations.flatMap(({ statements }) => statements.filter(makesTable).map(tableStatement));
}

/** @param missing is given the names of those that were */
async function makeMissing(
  session: CqlSession,
  tables: readonly TableStatement[],
  present: ReadonlyMap<string, number>,
  missing: Set<string>,
): Promise<void> {
  for (const { name, cql } of tables) {
    if (present.has(name)) continue;
    missing.add(name);
    await session.execute(cql);
  }
}

async function archiveRow(session: CqlSession): Promise<CqlRow | undefined> {
  const [row] = await session.execute('SELECT identity, layout, version FROM archive WHERE one = 1');
  return row;
}

/** Of two stores that begin a keyspace at once one wins, and the other takes over what it has written. */
async function firstRow(session: CqlSession, layout: string, version: number): Promise<CqlRow> {
  await session.execute(
    'INSERT INTO archive (one, identity, layout, version, created) VALUES (1, ?, ?, ?, ?) IF NOT EXISTS',
    [randomUUID(), layout, version, Date.now() * 1000],
  );
  const row = await archiveRow(session);
  if (row === undefined)
    throw new StoreError('SCHEMA', 'the row of table archive is gone as soon as written');
  return row;
}

/** @throws {StoreError} */
function checkArchive({ keyspace }: CqlSession, row: CqlRow, layout: string, knownVersion: number): void {
  if (row.layout !== layout) {
    throw new StoreError(
      'FOREIGN_FILE',
      `keyspace ${keyspace} has the layout ${String(row.layout)}, not ${layout}: give that one, or another keyspace`,
    );
  }
  if (Number(row.version) > knownVersion) {
    throw new StoreError(
      'SCHEMA_VERSION',
      `keyspace ${keyspace} has schema version ${String(row.version)}, and this Katbus knows ${knownVersion}: run the later Katbus that made it`,
    );
  }
}

async function migrate(
  session: CqlSession,
  migrations: readonly Migration[],
  fromVersion: number,
): Promise<void> {
  for (const { version, statements } of migrations) {
    if (version <= fromVersion) continue;
    for (const statement of statements) await session.execute(statement);
    await session.execute('UPDATE archive SET version = ? WHERE one = 1 IF EXISTS', [version]);
  }
}

/** Another `keepDays` than before: holds for what is written from now on. */
async function adaptLife(
  session: CqlSession,
  { name, timeToLiveSeconds, compaction }: TableStatement,
  presentSeconds: number | undefined,
): Promise<void> {
  if (presentSeconds === undefined || presentSeconds === timeToLiveSeconds) return;
  const withCompaction = compaction === undefined ? '' : ` AND compaction = ${compaction}`;
  await session.execute(
    `ALTER TABLE ${name} WITH default_time_to_live = ${timeToLiveSeconds}${withCompaction}`,
  );
}
