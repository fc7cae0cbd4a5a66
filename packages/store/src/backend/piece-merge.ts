import type { ColumnBlock } from './column-block.ts';
import { columnsOf, EMPTY_BLOCK, placeOf, sliceBlock } from './sample-block.ts';
import type { HistoryPiece } from './sample-summary.ts';

/** Hears of each sample that another one with its time takes the place of. */
export type Replaced = (block: ColumnBlock, place: number) => void;

/**
 * One history out of several of the same sensor, each in order of time: of two samples with one time, that of the later layer stays. Pieces
 * without samples are passed on, so that whoever reads has the turns that they mean.
 * @param layers blocks only, no summaries
 */
export function* mergePieces(
  layers: readonly Iterable<HistoryPiece>[],
  fromUs: number,
  replaced?: Replaced,
): Generator<HistoryPiece, void, void> {
  const heads = layers.map((layer) => new LayerHead(layer[Symbol.iterator](), fromUs));
  try {
    for (;;) {
      for (const head of heads) {
        while (head.needsMore) {
          head.pull();
          if (head.needsMore) {
            yield { block: EMPTY_BLOCK, reachedUs: Math.min(...heads.map(({ frontierUs }) => frontierUs)) };
          }
        }
      }
      const full = heads.filter(({ isEmpty }) => !isEmpty);
      if (full.length === 0) return;
      // Through this time, everything of every layer is at hand.
      const throughUs = Math.min(...full.map(({ lastUs }) => lastUs));
      const parts = full.map((head) => head.take(throughUs)).filter(({ length }) => length > 0);
      for (const block of combine(parts, replaced)) yield { block, reachedUs: lastOf(block) + 1 };
    }
  } finally {
    for (const head of heads) head.close();
  }
}

/** How far a layer has been read. */
class LayerHead {
  readonly #pieces: Iterator<HistoryPiece>;
  #block: ColumnBlock = EMPTY_BLOCK;
  #reachedUs: number;
  #isDone = false;

  constructor(pieces: Iterator<HistoryPiece>, fromUs: number) {
    this.#pieces = pieces;
    this.#reachedUs = fromUs;
  }

  get isEmpty(): boolean {
    return this.#block.length === 0;
  }

  get needsMore(): boolean {
    return this.isEmpty && !this.#isDone;
  }

  /** Before this time nothing is missing. */
  get frontierUs(): number {
    if (!this.isEmpty) return this.#block.timesUs[0]!;
    return this.#isDone ? Infinity : this.#reachedUs;
  }

  get lastUs(): number {
    return lastOf(this.#block);
  }

  pull(): void {
    const { done, value } = this.#pieces.next() as IteratorResult<HistoryPiece, undefined>;
    this.#isDone = done === true;
    this.#block = value?.block ?? EMPTY_BLOCK;
    this.#reachedUs = value?.reachedUs ?? Infinity;
  }

  take(throughUs: number): ColumnBlock {
    const end = placeOf(this.#block, throughUs + 1);
    const taken = sliceBlock(this.#block, 0, end);
    this.#block = sliceBlock(this.#block, end, this.#block.length);
    return taken;
  }

  close(): void {
    this.#pieces.return?.();
  }
}

/** @param parts none empty, the later one wins */
function combine(parts: readonly ColumnBlock[], replaced: Replaced | undefined): ColumnBlock[] {
  const inOrder = parts.toSorted((a, b) => a.timesUs[0]! - b.timesUs[0]!);
  const areApart = inOrder.every(
    (part, place) => place === 0 || lastOf(inOrder[place - 1]!) < part.timesUs[0]!,
  );
  return areApart ? inOrder : [parts.reduce((below, above) => overlay(below, above, replaced))];
}

/** Both in one block; of two samples with one time, the one of `above` stays. */
function overlay(below: ColumnBlock, above: ColumnBlock, replaced: Replaced | undefined): ColumnBlock {
  const sources: ColumnBlock[] = [];
  const places: number[] = [];
  const belowUs = below.timesUs;
  const aboveUs = above.timesUs;
  let low = 0;
  let high = 0;
  while (low < below.length || high < above.length) {
    const lowUs = low < below.length ? belowUs[low]! : Infinity;
    const highUs = high < above.length ? aboveUs[high]! : Infinity;
    if (lowUs < highUs) {
      sources.push(below);
      places.push(low++);
    } else {
      sources.push(above);
      places.push(high++);
      if (lowUs === highUs) {
        replaced?.(below, low);
        low++;
      }
    }
  }
  return gather(sources, places);
}

function gather(sources: readonly ColumnBlock[], places: readonly number[]): ColumnBlock {
  const length = places.length;
  const columns = new Map([...new Set(sources)].map((source) => [source, columnsOf(source)]));
  const timesUs = new Float64Array(length);
  const valueTimesUs = new Float64Array(length);
  const statuses = new Uint8Array(length);
  const kinds = new Uint8Array(length);
  const numbers = new Float64Array(length);
  const hasTexts = [...columns.values()].some(({ texts }) => texts !== undefined);
  const texts = hasTexts ? new Array<string | undefined>(length).fill(undefined) : undefined;
  for (let row = 0; row < length; row++) {
    const from = columns.get(sources[row]!)!;
    const place = places[row]!;
    timesUs[row] = from.timesUs[place]!;
    valueTimesUs[row] = from.valueTimesUs[place]!;
    statuses[row] = from.statuses[place]!;
    kinds[row] = from.kinds[place]!;
    numbers[row] = from.numbers[place]!;
    if (texts !== undefined) texts[row] = from.texts?.[place];
  }
  return { length, timesUs, valueTimesUs, statuses, kinds, numbers, texts };
}

function lastOf(block: ColumnBlock): number {
  return block.timesUs[block.length - 1]!;
}
