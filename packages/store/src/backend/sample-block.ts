import { STATUSES, statusRank } from '@katbus/protocol';
import type { ColumnBlock } from './column-block.ts';
import type { StoredSample } from './stored-sample.ts';
import { kindOf, numberOf, textOf, valueOf } from './value-column.ts';

/** A block without samples. */
export const EMPTY_BLOCK: ColumnBlock = { ...newColumns(0), texts: undefined };

/** One sample of a block. */
export function sampleAt(block: ColumnBlock, place: number): StoredSample {
  const rank = block.statuses[place];
  const status = STATUSES[rank!];
  if (status === undefined) throw new Error(`status ${rank} is not known`);
  return {
    timeUs: block.timesUs[place]!,
    valueTimeUs: block.valueTimesUs[place]!,
    status,
    value: valueOf(block.kinds[place]!, block.numbers[place]!, block.texts?.[place] ?? null),
  };
}

/** Samples in order of time as columns: the inverse of {@link sampleAt}. */
export function blockOf(samples: readonly StoredSample[]): ColumnBlock {
  const texts = samples.map(({ value }) => textOf(value));
  return {
    length: samples.length,
    timesUs: Float64Array.from(samples, ({ timeUs }) => timeUs),
    valueTimesUs: Float64Array.from(samples, ({ valueTimeUs }) => valueTimeUs),
    statuses: Uint8Array.from(samples, ({ status }) => statusRank(status)),
    kinds: Uint8Array.from(samples, ({ value }) => kindOf(value)),
    numbers: Float64Array.from(samples, ({ value }) => numberOf(value)),
    texts: texts.some((text) => text !== undefined) ? texts : undefined,
  };
}

/** Columns to be filled, place by place; `texts` are made when the first comes. */
export function newColumns(length: number) {
  return {
    length,
    timesUs: new Float64Array(length),
    valueTimesUs: new Float64Array(length),
    statuses: new Uint8Array(length),
    kinds: new Uint8Array(length),
    numbers: new Float64Array(length),
  };
}

/** The first place whose time is not before `timeUs`; the length when there is none. */
export function placeOf(block: ColumnBlock, timeUs: number): number {
  const { timesUs } = block;
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timesUs[middle]! < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The samples from place `from` on and before `to`; shares the memory, and decodes a column only when it is asked for. */
export function sliceBlock(block: ColumnBlock, from: number, to: number): ColumnBlock {
  if (from === 0 && to === block.length) return block;
  return from >= to ? EMPTY_BLOCK : new BlockSlice(block, from, to);
}

/** Each column asked for once: that of a slice is made anew each time. */
export function columnsOf(block: ColumnBlock): ColumnBlock {
  const { length, timesUs, valueTimesUs, statuses, kinds, numbers, texts } = block;
  return { length, timesUs, valueTimesUs, statuses, kinds, numbers, texts };
}

/** One after the other, as one. */
export function concatBlocks(blocks: readonly ColumnBlock[]): ColumnBlock {
  const [only] = blocks;
  if (only !== undefined && blocks.length === 1) return only;
  const parts = blocks.map(columnsOf);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const columns = newColumns(length);
  const hasTexts = parts.some(({ texts }) => texts !== undefined);
  const texts = hasTexts ? new Array<string | undefined>(length).fill(undefined) : undefined;
  let at = 0;
  for (const part of parts) {
    columns.timesUs.set(part.timesUs, at);
    columns.valueTimesUs.set(part.valueTimesUs, at);
    columns.statuses.set(part.statuses, at);
    columns.kinds.set(part.kinds, at);
    columns.numbers.set(part.numbers, at);
    for (let place = 0; place < (part.texts?.length ?? 0); place++) texts![at + place] = part.texts![place];
    at += part.length;
  }
  return { ...columns, texts };
}

class BlockSlice implements ColumnBlock {
  readonly length: number;
  readonly #block: ColumnBlock;
  readonly #from: number;
  readonly #to: number;

  constructor(block: ColumnBlock, from: number, to: number) {
    this.length = to - from;
    this.#block = block;
    this.#from = from;
    this.#to = to;
  }

  get timesUs(): Float64Array {
    return this.#block.timesUs.subarray(this.#from, this.#to);
  }

  get valueTimesUs(): Float64Array {
    return this.#block.valueTimesUs.subarray(this.#from, this.#to);
  }

  get statuses(): Uint8Array {
    return this.#block.statuses.subarray(this.#from, this.#to);
  }

  get kinds(): Uint8Array {
    return this.#block.kinds.subarray(this.#from, this.#to);
  }

  get numbers(): Float64Array {
    return this.#block.numbers.subarray(this.#from, this.#to);
  }

  get texts(): readonly (string | undefined)[] | undefined {
    return this.#block.texts?.slice(this.#from, this.#to);
  }
}
