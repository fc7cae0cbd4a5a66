const NAME = /^\s*CREATE TABLE IF NOT EXISTS (\w+)/iu;
const TIME_TO_LIVE = /\bdefault_time_to_live\s*=\s*(\d+)/iu;
const COMPACTION = /\bcompaction\s*=\s*(\{[^}]*\})/iu;

/** What a `CREATE TABLE IF NOT EXISTS` says of its table. */
export interface TableStatement {
  readonly cql: string;
  readonly name: string;
  /** How long its rows live, seconds; 0: for ever. */
  readonly timeToLiveSeconds: number;
  /** The map of its compaction, as it is written; undefined: it has none. */
  readonly compaction: string | undefined;
}

/** Whether a statement makes a table. */
export function makesTable(cql: string): boolean {
  return NAME.test(cql);
}

/** @throws {TypeError} it is another statement */
export function tableStatement(cql: string): TableStatement {
  const name = NAME.exec(cql)?.[1];
  if (name === undefined) throw new TypeError(`no CREATE TABLE IF NOT EXISTS: ${cql}`);
  return {
    cql,
    name: name.toLowerCase(),
    timeToLiveSeconds: Number(TIME_TO_LIVE.exec(cql)?.[1] ?? 0),
    compaction: COMPACTION.exec(cql)?.[1],
  };
}
