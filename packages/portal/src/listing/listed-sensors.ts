import type { LoopTurns } from '@katbus/bus/daemon';
import type { ListingEntry } from '@katbus/protocol';
import { RequestError } from '../rpc/errors.ts';
import { listedRun, runBytes, type ListedRun } from './listed-run.ts';
import type { ListingMemory } from './listing-memory.ts';
import { MergedRuns } from './merged-runs.ts';

/** Sensors of a run: so many are made text in a millisecond or two. */
const RUN_SENSORS = 500;

/** Bytes of a piece: few enough to be written in one go, and not a write for each sensor. */
const PIECE_BYTES = 64 * 1024;

/** `open`: it grows; `complete`: it is read, by `users`; `released`: it holds nothing. */
type State =
  | { readonly is: 'open' }
  | { readonly is: 'complete'; readonly absent: readonly string[]; users: number }
  | { readonly is: 'released' };

/**
 * A listing's answer: bytes from the moment when a component's answer is read. The JSON of 200,000 sensors as objects and strings would live just long
 * enough for the garbage collector to move all of it twice, and it holds up the loop meanwhile.
 */
export class ListedSensors {
  readonly #memory: ListingMemory;
  readonly #mostBytes: number;
  readonly #readings: boolean;
  #runs: ListedRun[] = [];
  #textBytes = 0;
  #bytes = 0;
  #state: State = { is: 'open' };

  /** @param mostBytes of its text @param readings whether samples are wanted */
  constructor(memory: ListingMemory, mostBytes: number, readings: boolean) {
    this.#memory = memory;
    this.#mostBytes = mostBytes;
    this.#readings = readings;
  }

  /** @throws {RequestError} when the answer grows too large, or all of them together */
  async add(component: string, entries: readonly ListingEntry[], turns: LoopTurns): Promise<void> {
    for (let from = 0; from < entries.length; from += RUN_SENSORS) {
      if (turns.isOver) await turns.next();
      if (this.#state.is !== 'open') return;
      const run = listedRun(component, entries.slice(from, from + RUN_SENSORS), this.#readings);
      this.#textBytes += run.text.length;
      if (this.#textBytes > this.#mostBytes) {
        throw new RequestError('answerTooLarge', `the listing is larger than ${this.#mostBytes} bytes`);
      }
      const bytes = runBytes(run);
      this.#memory.take(bytes);
      this.#bytes += bytes;
      this.#runs.push(run);
    }
  }

  /** Nothing comes any more. @param users who will read it; each must {@link release} it */
  complete(absent: readonly string[], users: number): void {
    this.#state = { is: 'complete', absent, users };
  }

  /** One of the users has done with it, or nobody will ever use it. */
  release(): void {
    if (this.#state.is === 'released') return;
    if (this.#state.is === 'complete') {
      this.#state.users -= 1;
      if (this.#state.users > 0) return;
    }
    this.#state = { is: 'released' };
    this.#memory.giveBack(this.#bytes);
    this.#runs = [];
  }

  /** The JSON of a ListResult, made piece by piece as somebody takes it. */
  *pieces(): Generator<Buffer, void, undefined> {
    if (this.#state.is !== 'complete') return;
    const { absent } = this.#state;
    const merged = new MergedRuns(this.#runs);
    yield Buffer.from('{"sensors":[');
    let piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    let filled = 0;
    let isFirst = true;
    while (merged.next()) {
      // The first entry goes without its comma.
      const start = isFirst ? merged.start + 1 : merged.start;
      isFirst = false;
      const bytes = merged.end - start;
      if (filled > 0 && filled + bytes > piece.length) {
        yield piece.subarray(0, filled);
        piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes));
        filled = 0;
      } else if (bytes > piece.length) piece = Buffer.allocUnsafeSlow(bytes);
      merged.text.copy(piece, filled, start, merged.end);
      filled += bytes;
    }
    if (filled > 0) yield piece.subarray(0, filled);
    yield Buffer.from(`],"absent":${JSON.stringify(absent)}}`);
  }
}
