import { LoopTurns } from '@katbus/bus/loop-turns';
import type { ColumnBlock } from '../../column-block.ts';
import { newColumns } from '../../sample-block.ts';
import { inOrder, wholeSpan, type Arrived } from './arrived.ts';
import type { JournalPart } from './journal-part.ts';
import type { SensorRange } from './shard.ts';

/** What the journal has of one sensor. */
export interface SensorSamples {
  readonly sensor: number;
  readonly samples: Arrived;
}

const TURN_MS = 20;

/** Rows of the journal as they are read, until there are as many samples as can be sorted by sensor at once. */
export class ShardSamples {
  #parts: JournalPart[] = [];
  #range: SensorRange;
  #length = 0;

  constructor(range: SensorRange) {
    this.#range = range;
  }

  /** Samples of sensors of the range. */
  get length(): number {
    return this.#length;
  }

  get range(): SensorRange {
    return this.#range;
  }

  add(part: JournalPart): void {
    const samples = samplesOf(part, this.#range);
    if (samples === 0) return;
    this.#parts.push(part);
    this.#length += samples;
  }

  /** Keeps about half of its samples, those of the first sensors. @returns the range of the others; undefined: all are of one sensor */
  halve(): SensorRange | undefined {
    const { from, to } = this.#range;
    const counts = this.#counts();
    const sensors = Float64Array.from(counts.keys()).sort();
    if (sensors.length < 2) return undefined;
    let place = 0;
    for (let before = 0; place < sensors.length - 1 && before < this.#length / 2; place++) {
      before += counts.get(sensors[place]!)!;
    }
    const middle = sensors[place]!;
    const parts = this.#parts;
    this.#parts = [];
    this.#length = 0;
    this.#range = { from, to: middle };
    for (const part of parts) this.add(part);
    return { from: middle, to };
  }

  /** All of them, sensor after sensor, each one's in order of time; then there are none any more. */
  async *take(): AsyncGenerator<SensorSamples, void, undefined> {
    const turns = new LoopTurns({ mostMs: TURN_MS });
    const counts = this.#counts();
    const ends = new Map<number, number>();
    let end = 0;
    for (const [sensor, count] of counts) {
      ends.set(sensor, end);
      end += count;
    }
    const columns = new SortedColumns(end);
    // The first ones first: of samples with one time and one arrival the later one counts. Each goes as soon as it is copied.
    const parts = this.#parts.reverse();
    this.#parts = [];
    this.#length = 0;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      columns.add(part, this.#range, ends);
      if (turns.isOver) await turns.next();
    }
    let from = 0;
    for (const [sensor, to] of ends) {
      yield { sensor, samples: columns.between(from, to) };
      from = to;
      if (turns.isOver) await turns.next();
    }
  }

  #counts(): Map<number, number> {
    const all = new Map<number, number>();
    for (const { sensors, counts } of this.#parts) {
      for (let place = 0; place < sensors.length; place++) {
        const sensor = sensors[place]!;
        if (isIn(this.#range, sensor)) all.set(sensor, (all.get(sensor) ?? 0) + counts[place]!);
      }
    }
    return all;
  }
}

/** Columns for samples of several sensors, each one's side by side. */
class SortedColumns {
  readonly #columns: ReturnType<typeof newColumns>;
  readonly #received: Float64Array;
  #texts: (string | undefined)[] | undefined;

  constructor(length: number) {
    this.#columns = newColumns(length);
    this.#received = new Float64Array(length);
  }

  /** @param ends where the next sample of each sensor goes */
  add(
    { block, received, sensors, counts }: JournalPart,
    range: SensorRange,
    ends: Map<number, number>,
  ): void {
    const { timesUs, valueTimesUs, statuses, kinds, numbers, texts } = block;
    const columns = this.#columns;
    if (texts !== undefined) this.#texts ??= new Array<string | undefined>(columns.length).fill(undefined);
    let from = 0;
    for (let span = 0; span < sensors.length; span++) {
      const sensor = sensors[span]!;
      const to = from + counts[span]!;
      if (!isIn(range, sensor)) {
        from = to;
        continue;
      }
      let at = ends.get(sensor)!;
      for (; from < to; from++, at++) {
        columns.timesUs[at] = timesUs[from]!;
        columns.valueTimesUs[at] = valueTimesUs[from]!;
        columns.statuses[at] = statuses[from]!;
        columns.kinds[at] = kinds[from]!;
        columns.numbers[at] = numbers[from]!;
        this.#received[at] = received[from]!;
        if (texts !== undefined) this.#texts![at] = texts[from];
      }
      ends.set(sensor, at);
    }
  }

  /** Those of one sensor, in order of time. */
  between(from: number, to: number): Arrived {
    const { timesUs, valueTimesUs, statuses, kinds, numbers } = this.#columns;
    const block: ColumnBlock = {
      length: to - from,
      timesUs: timesUs.subarray(from, to),
      valueTimesUs: valueTimesUs.subarray(from, to),
      statuses: statuses.subarray(from, to),
      kinds: kinds.subarray(from, to),
      numbers: numbers.subarray(from, to),
      texts: someText(this.#texts?.slice(from, to)),
    };
    const samples = { block, received: this.#received.subarray(from, to) };
    return isAscending(block.timesUs) ? samples : inOrder([wholeSpan(samples)]);
  }
}

function samplesOf({ sensors, counts }: JournalPart, range: SensorRange): number {
  let samples = 0;
  for (let place = 0; place < sensors.length; place++) {
    if (isIn(range, sensors[place]!)) samples += counts[place]!;
  }
  return samples;
}

function isIn({ from, to }: SensorRange, sensor: number): boolean {
  return from <= sensor && sensor < to;
}

function isAscending(times: Float64Array): boolean {
  for (let place = 1; place < times.length; place++) if (times[place - 1]! >= times[place]!) return false;
  return true;
}

function someText(texts: (string | undefined)[] | undefined): ColumnBlock['texts'] {
  return texts?.some((text) => text !== undefined) === true ? texts : undefined;
}
