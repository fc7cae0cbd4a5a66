import type { CqlRow, CqlSession } from '../session/cql-session.ts';

const HOUR_US = 3_600e6;

const REGISTER = 'INSERT INTO slices (hour, slice, shards) VALUES (?, ?, ?)';
const CLOSE = 'INSERT INTO slices (hour, slice, shards, first_t, last_t) VALUES (?, ?, ?, ?, ?)';
const OF_HOUR = 'SELECT slice, shards, first_t, last_t FROM slices WHERE hour = ? AND slice >= ?';
const SEALED = 'SELECT through FROM sealed WHERE one = 0';
const SEAL = 'INSERT INTO sealed (one, through) VALUES (0, ?)';
const SEALED_SHARDS = 'SELECT shards, shard FROM sealed_shards WHERE through = ?';
const SEAL_SHARD = 'INSERT INTO sealed_shards (through, shards, shard, chunks) VALUES (?, ?, ?, ?)';

/** What came in a minute, as a part of the journal. */
export interface Slice {
  /** When it was begun, by the archiver's clock, microseconds: its name. */
  readonly slice: number;
  readonly shards: number;
  /** The least and the greatest `time` in it; undefined: not known, more may come. */
  readonly times?: { readonly firstUs: number; readonly lastUs: number } | undefined;
}

/** Which slices there are, and which of them are sealed. */
export class SliceRegistry {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  async register({ slice, shards }: Slice, timestampUs: number): Promise<void> {
    await this.#session.execute(REGISTER, [hourOf(slice), slice, shards], { timestampUs });
  }

  /** Nothing more comes into a slice. */
  async close({ slice, shards, times }: Slice, timestampUs: number): Promise<void> {
    const values = [hourOf(slice), slice, shards, times?.firstUs, times?.lastUs];
    await this.#session.execute(CLOSE, values, { timestampUs });
  }

  /** Slices begun before it are sealed. undefined: nothing was ever sealed */
  async sealedThrough(): Promise<number | undefined> {
    const [row] = await this.#session.execute(SEALED);
    return (row?.through ?? undefined) as number | undefined;
  }

  async sealThrough(throughUs: number, timestampUs: number): Promise<void> {
    await this.#session.execute(SEAL, [throughUs], { timestampUs });
  }

  /** Those begun at startUs <= time < endUs, in their order. */
  async between(startUs: number, endUs: number): Promise<Slice[]> {
    const hours: number[] = [];
    for (let hour = hourOf(startUs); hour * HOUR_US < endUs; hour++) hours.push(hour);
    const found = await Promise.all(hours.map((hour) => this.#ofHour(hour, startUs)));
    return found.flat().filter(({ slice }) => slice < endUs);
  }

  /** Which shards of a sealing are done, of how many. */
  async sealedShards(throughUs: number): Promise<{ readonly shards: number; readonly shard: number }[]> {
    const rows = await this.#session.execute(SEALED_SHARDS, [throughUs]);
    return rows.map(({ shards, shard }) => ({ shards: shards as number, shard: shard as number }));
  }

  async sealShard(
    throughUs: number,
    { shards, shard, chunks }: { readonly shards: number; readonly shard: number; readonly chunks: number },
    timestampUs: number,
  ): Promise<void> {
    await this.#session.execute(SEAL_SHARD, [throughUs, shards, shard, chunks], { timestampUs });
  }

  async #ofHour(hour: number, startUs: number): Promise<Slice[]> {
    const slices: Slice[] = [];
    for await (const rows of this.#session.pages(OF_HOUR, [hour, Math.floor(startUs)])) {
      slices.push(...rows.map(toSlice));
    }
    return slices;
  }
}

function toSlice({ slice, shards, first_t, last_t }: CqlRow): Slice {
  const isClosed = typeof first_t === 'number' && typeof last_t === 'number';
  return {
    slice: slice as number,
    shards: shards as number,
    times: isClosed ? { firstUs: first_t, lastUs: last_t } : undefined,
  };
}

function hourOf(timeUs: number): number {
  return Math.floor(timeUs / HOUR_US);
}
