import type { CqlSession, CqlValue } from '../backend/cassandra/session/cql-session.ts';
import type { DataLengths } from './sizing-options.ts';

/** CTA's table as their paper has it: eight columns, and one partition a point for ever. Ours (layout `mon`) ends them. */
const TABLE = `CREATE TABLE IF NOT EXISTS cta (
  assembly text, name text, serial_number text, source_timestamp timestamp, server_timestamp timestamp, units text, environment text,
  data frozen<list<double>>, PRIMARY KEY ((assembly, name), server_timestamp))`;
const INSERT = `INSERT INTO cta (assembly, name, serial_number, source_timestamp, server_timestamp, units, environment, data)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const SELECT = 'SELECT server_timestamp, source_timestamp, data FROM cta WHERE assembly = ? AND name = ?';

const PARTITIONS = 2_000;
const LISTS = 997;
/** A frame has 16 MiB at most; of a batch of several partitions, Cassandra takes 50 KiB unless it is told otherwise. */
const FRAME_BYTES = 12 * 1024 ** 2;
const ROW_BYTES = 200;
const DOUBLE_BYTES = 12;

/** Rows of CTA's monitoring, as many as anybody asks for: each partition's later than those before. */
export class MonRows {
  readonly #session: CqlSession;
  readonly #lists: readonly (readonly number[])[];
  readonly #bytes: number;
  readonly #fromMs = Date.now();
  /** Rows of each partition. */
  readonly #written = new Uint32Array(PARTITIONS);
  #next = 0;

  constructor(session: CqlSession, { least, most }: DataLengths) {
    this.#session = session;
    // Evenly spread, and the same in each run.
    this.#lists = Array.from({ length: LISTS }, (_, i) => {
      const length = least + ((i * 61) % (most - least + 1));
      return Array.from({ length }, (_, place) => Math.sin(i + place) * 100);
    });
    this.#bytes = ROW_BYTES + (DOUBLE_BYTES * (least + most)) / 2;
  }

  async makeTable(): Promise<void> {
    await this.#session.execute(TABLE);
  }

  /** Whether a batch of so many rows can be sent at all. */
  fits(rows: number): boolean {
    return rows <= 65_535 && rows * this.#bytes < FRAME_BYTES;
  }

  /** Writes one batch. @returns its rows */
  async write(partitions: number, rowsPerPartition: number): Promise<number> {
    const rows: CqlValue[][] = [];
    for (let i = 0; i < partitions; i++) this.#addPartition(rows, rowsPerPartition);
    await this.#session.batch(INSERT, rows, Date.now() * 1_000);
    return rows.length;
  }

  /** Reads a partition that has rows. @returns how many; undefined: there is none at all */
  async read(random = Math.random()): Promise<number | undefined> {
    const first = Math.floor(random * PARTITIONS);
    for (let i = 0; i < PARTITIONS; i++) {
      const partition = (first + i) % PARTITIONS;
      if (this.#written[partition] === 0) continue;
      let rows = 0;
      for await (const page of this.#session.pages(SELECT, keyOf(partition))) rows += page.length;
      return rows;
    }
    return undefined;
  }

  #addPartition(rows: CqlValue[][], count: number): void {
    const partition = this.#next;
    this.#next = (this.#next + 1) % PARTITIONS;
    const [assembly, name] = keyOf(partition);
    const before = this.#written[partition]!;
    this.#written[partition] = before + count;
    for (let i = 0; i < count; i++) {
      const serverMs = this.#fromMs + (before + i) * 1_000;
      const data = this.#lists[(before + i + partition) % LISTS]!;
      rows.push([assembly, name, 'SN-0001', serverMs - 2, serverMs, 'deg', 'production', data]);
    }
  }
}

function keyOf(partition: number): [string, string] {
  return [`telescope-${partition % 100}`, `point_${Math.floor(partition / 100)}`];
}
