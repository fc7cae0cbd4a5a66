import { STATUSES, statusRank, toSeconds } from '@katbus/protocol';
import type { ColumnBlock } from '../backend/column-block.ts';
import type { StoredSample } from '../backend/stored-sample.ts';
import { valueOf } from '../backend/value-column.ts';
import { binAt, endOfBin, type BinGrid } from './bin-grid.ts';
import type { PageRoom } from './page-room.ts';
import type { SeriesBins } from './series-bins.ts';
import { ELLIPSIS, StateNames, stateOf, type State } from './state-names.ts';

/** Of more states in one bin, the later ones are counted together. */
export const MOST_STATES = 100;

const BIN_BYTES = 35;
const PAIR_BYTES = 14;

/** A bin that is being filled: how long which state held, as far as it has been accounted for. */
interface StateBin {
  readonly bin: number;
  count: number;
  worst: number;
  /** Microseconds by state. */
  readonly held: Map<State, number>;
}

/** What crosses from a page to the next one. */
interface Carried {
  readonly atUs: number;
  readonly state?: State;
  readonly rank: number;
  readonly open?: readonly [
    bin: number,
    count: number,
    worst: number,
    held: readonly (readonly [State, number])[],
  ];
}

/**
 * Bins of booleans, discrete sensors and texts: how long each state held, and the last one.
 *
 * A state holds until the next sample; so does its status, where a bin has no sample of its own. Every bin is there from the first in which
 * the state is known to `untilUs`.
 */
export class StateBins implements SeriesBins {
  readonly #grid: BinGrid;
  readonly #room: PageRoom;
  readonly #untilUs: number;
  readonly #names = new StateNames();
  readonly #bins: number[] = [];
  readonly #counts: number[] = [];
  readonly #statuses: string[] = [];
  readonly #last: number[] = [];
  readonly #held: [number, number][][] = [];
  /** Up to here every microsecond is in some bin. */
  #atUs: number;
  /** What holds at `#atUs`; undefined: not known, or not yet. */
  #state: State | undefined;
  #rank = 0;
  #open: StateBin | undefined;
  readonly #isCarried: boolean;

  /**
   * @param untilUs until when the last state is taken to hold: the range's end, or now
   * @param carried of the page before
   */
  constructor(grid: BinGrid, room: PageRoom, untilUs: number, carried?: unknown) {
    this.#grid = grid;
    this.#room = room;
    this.#untilUs = untilUs;
    this.#atUs = grid.startUs;
    const from = carried as Carried | undefined;
    this.#isCarried = from !== undefined;
    if (from === undefined) return;
    this.#atUs = from.atUs;
    this.#state = from.state;
    this.#rank = from.rank;
    if (from.open === undefined) return;
    const [bin, count, worst, held] = from.open;
    this.#open = { bin, count, worst, held: new Map(held) };
  }

  /** The sample before the range says what holds at its start. */
  get entersBeforeUs(): number | undefined {
    return this.#isCarried ? undefined : this.#grid.startUs;
  }

  enter({ value, status }: StoredSample): void {
    this.#state = stateOf(value);
    this.#rank = statusRank(status);
  }

  maySumUp(): boolean {
    return false;
  }

  take(block: ColumnBlock): number | undefined {
    const { timesUs, kinds, numbers, texts, statuses, length } = block;
    for (let row = 0; row < length; row++) {
      const timeUs = timesUs[row]!;
      if (!this.#accountTo(timeUs)) return timeUs;
      const bin = binAt(this.#grid, timeUs);
      if (this.#open?.bin !== bin) {
        if (this.#room.isFull) return timeUs;
        this.#close();
        this.#open = { bin, count: 0, worst: 0, held: new Map() };
      }
      this.#open.count++;
      this.#rank = statuses[row]!;
      this.#open.worst = Math.max(this.#open.worst, this.#rank);
      this.#state = stateOf(valueOf(kinds[row]!, numbers[row]!, texts?.[row] ?? null));
    }
    return undefined;
  }

  takeSummary(): never {
    throw new Error('a summary has no states');
  }

  finish(): boolean {
    if (!this.#accountTo(this.#untilUs)) return false;
    this.#close();
    return true;
  }

  carried(): Carried {
    const open = this.#open;
    return {
      atUs: this.#atUs,
      rank: this.#rank,
      ...(this.#state !== undefined && { state: this.#state }),
      ...(open !== undefined && { open: [open.bin, open.count, open.worst, [...open.held]] as const }),
    };
  }

  columns(): Record<string, unknown> {
    return {
      bin: this.#bins,
      count: this.#counts,
      status: this.#statuses,
      states: this.#names.states,
      last: this.#last,
      held: this.#held,
    };
  }

  /** The state holds up to a time, bin by bin. @returns whether there was room for all of it */
  #accountTo(timeUs: number): boolean {
    while (this.#atUs < timeUs && this.#state !== undefined) {
      const bin = binAt(this.#grid, this.#atUs);
      if (this.#open?.bin !== bin) {
        if (this.#room.isFull) return false;
        this.#close();
        this.#open = { bin, count: 0, worst: this.#rank, held: new Map() };
      }
      const endUs = Math.min(endOfBin(this.#grid, bin), timeUs);
      // It would never end.
      if (!(endUs > this.#atUs)) throw new RangeError(`bin ${bin} ends at ${endUs}, not after ${this.#atUs}`);
      const { held } = this.#open;
      const state = held.size < MOST_STATES || held.has(this.#state) ? this.#state : ELLIPSIS;
      held.set(state, (held.get(state) ?? 0) + endUs - this.#atUs);
      this.#atUs = endUs;
    }
    this.#atUs = Math.max(this.#atUs, timeUs);
    return true;
  }

  #close(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const held = [...open.held].map(([state, us]): [number, number] => [
      this.#names.placeOf(state),
      toSeconds(us),
    ]);
    this.#bins.push(open.bin);
    this.#counts.push(open.count);
    this.#statuses.push(STATUSES[open.worst]!);
    this.#last.push(this.#names.placeOf(this.#state ?? null));
    this.#held.push(held);
    this.#room.take(BIN_BYTES + PAIR_BYTES * held.length + this.#names.takeFreshBytes());
  }
}
