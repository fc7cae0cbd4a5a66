import type { ColumnBlock } from '../../column-block.ts';
import { columnsOf, EMPTY_BLOCK, newColumns, placeOf, sliceBlock } from '../../sample-block.ts';

/** Samples of one sensor in order of time, each time once, with when the stream took each. */
export interface Arrived {
  readonly block: ColumnBlock;
  readonly received: Float64Array;
}

/** A stretch of samples of one sensor, in any order of time. */
export interface ArrivedSpan extends Arrived {
  readonly from: number;
  readonly to: number;
}

export const NOTHING_ARRIVED: Arrived = { block: EMPTY_BLOCK, received: new Float64Array() };

export function wholeSpan({ block, received }: Arrived): ArrivedSpan {
  return { block, received, from: 0, to: block.length };
}

/**
 * Several stretches as one in order of time, within startUs <= time < endUs. Of samples with one time the one that the stream took last stays;
 * of two taken at once, that of the later stretch, or the later one of a stretch.
 */
export function inOrder(spans: readonly ArrivedSpan[], startUs = -Infinity, endUs = Infinity): Arrived {
  const sources = spans.map(({ block, received, from, to }) => ({
    ...columnsOf(block),
    received,
    from,
    to,
  }));
  const most = sources.reduce((length, { from, to }) => length + to - from, 0);
  const times = new Float64Array(most);
  const received = new Float64Array(most);
  const sourceOf = new Uint32Array(most);
  const placeIn = new Uint32Array(most);
  let length = 0;
  let isInOrder = true;
  for (const [number, source] of sources.entries()) {
    for (let place = source.from; place < source.to; place++) {
      const timeUs = source.timesUs[place]!;
      if (timeUs < startUs || timeUs >= endUs) continue;
      times[length] = timeUs;
      received[length] = source.received[place]!;
      sourceOf[length] = number;
      placeIn[length] = place;
      isInOrder &&= length === 0 || times[length - 1]! < timeUs;
      length++;
    }
  }
  let order: Uint32Array | undefined;
  if (!isInOrder) {
    const all = Uint32Array.from({ length }, (_, place) => place);
    all.sort((a, b) => times[a]! - times[b]! || received[a]! - received[b]! || a - b);
    // Of one time the last stays.
    order = all.filter((row, place) => place + 1 === length || times[all[place + 1]!] !== times[row]);
    length = order.length;
  }
  if (length === 0) return NOTHING_ARRIVED;
  const columns = newColumns(length);
  const receivedInOrder = new Float64Array(length);
  const hasTexts = sources.some(({ texts }) => texts !== undefined);
  const texts = hasTexts ? new Array<string | undefined>(length).fill(undefined) : undefined;
  for (let place = 0; place < length; place++) {
    const row = order === undefined ? place : order[place]!;
    const source = sources[sourceOf[row]!]!;
    const from = placeIn[row]!;
    columns.timesUs[place] = times[row]!;
    columns.valueTimesUs[place] = source.valueTimesUs[from]!;
    columns.statuses[place] = source.statuses[from]!;
    columns.kinds[place] = source.kinds[from]!;
    columns.numbers[place] = source.numbers[from]!;
    receivedInOrder[place] = received[row]!;
    if (texts !== undefined) texts[place] = source.texts?.[from];
  }
  return { block: { ...columns, texts }, received: receivedInOrder };
}

/** Those with startUs <= time < endUs. */
export function within({ block, received }: Arrived, startUs: number, endUs: number): Arrived {
  const from = placeOf(block, startUs);
  const to = placeOf(block, endUs);
  if (from === 0 && to === block.length) return { block, received };
  return { block: sliceBlock(block, from, to), received: received.subarray(from, to) };
}

/**
 * What comes after a chunk was sealed, laid over it. The chunk knows of all that was received by `receivedToUs`: of that, its own samples stay.
 * @returns undefined when it changes nothing
 */
export function layOver(chunk: ColumnBlock, receivedToUs: number, late: Arrived): Arrived | undefined {
  if (late.received.every((us, place) => us <= receivedToUs && hasTime(chunk, late.block.timesUs[place]!))) {
    return undefined;
  }
  const known = { block: chunk, received: new Float64Array(chunk.length).fill(receivedToUs) };
  return inOrder([wholeSpan(late), wholeSpan(known)]);
}

function hasTime(block: ColumnBlock, timeUs: number): boolean {
  return block.timesUs[placeOf(block, timeUs)] === timeUs;
}
