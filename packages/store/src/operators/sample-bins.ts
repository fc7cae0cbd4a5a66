import type { ColumnBlock } from '../backend/column-block.ts';
import { EMPTY_BLOCK, sliceBlock } from '../backend/sample-block.ts';
import { binAt, endOfBin, type BinGrid } from '../bins/bin-grid.ts';
import { placeFrom } from '../bins/block-columns.ts';

/** What there was to read: `reachedUs` as of a HistoryPiece. */
export interface ReadBlock {
  readonly block: ColumnBlock;
  readonly reachedUs: number;
}

/** The samples of one bin that has some. */
export interface SampleBin {
  readonly bin: number;
  readonly samples: ColumnBlock;
}

/** The bins before this one are complete, and this one has no samples yet, up to a time. */
export interface BinsDone {
  readonly bin: number;
  readonly samples?: undefined;
  readonly reachedUs: number;
}

/** Operators hold the samples of a bin in memory: about 30 bytes each. */
export const MOST_SAMPLES_A_BIN = 2_000_000;

/** A bin has more samples than may be held. */
export class CrowdedBinError extends Error {
  constructor() {
    super(`more than ${MOST_SAMPLES_A_BIN} samples are in one bin: ask for narrower ones`);
    this.name = 'CrowdedBinError';
  }
}

/**
 * Samples bin by bin.
 * @throws {CrowdedBinError}
 */
export async function* sampleBins(
  grid: BinGrid,
  blocks: AsyncIterable<ReadBlock>,
): AsyncGenerator<SampleBin | BinsDone, void, undefined> {
  let open: { readonly bin: number; length: number; readonly parts: ColumnBlock[] } | undefined;
  for await (const { block, reachedUs } of blocks) {
    const { timesUs, length } = block;
    for (let row = 0; row < length;) {
      const bin = binAt(grid, timesUs[row]!);
      if (open !== undefined && open.bin !== bin) {
        yield { bin: open.bin, samples: joinBlocks(open.parts) };
        open = undefined;
      }
      const end = placeFrom(timesUs, endOfBin(grid, bin), row);
      open ??= { bin, length: 0, parts: [] };
      open.length += end - row;
      if (open.length > MOST_SAMPLES_A_BIN) throw new CrowdedBinError();
      open.parts.push(sliceBlock(block, row, end));
      row = end;
    }
    if (open !== undefined && reachedUs >= endOfBin(grid, open.bin)) {
      yield { bin: open.bin, samples: joinBlocks(open.parts) };
      open = undefined;
    }
    if (open === undefined) yield { bin: binAt(grid, reachedUs), reachedUs };
  }
  if (open !== undefined) yield { bin: open.bin, samples: joinBlocks(open.parts) };
}

function joinBlocks(blocks: readonly ColumnBlock[]): ColumnBlock {
  if (blocks.length <= 1) return blocks[0] ?? EMPTY_BLOCK;
  const length = blocks.reduce((sum, block) => sum + block.length, 0);
  const joined = {
    length,
    timesUs: new Float64Array(length),
    valueTimesUs: new Float64Array(length),
    statuses: new Uint8Array(length),
    kinds: new Uint8Array(length),
    numbers: new Float64Array(length),
  };
  let at = 0;
  for (const block of blocks) {
    joined.timesUs.set(block.timesUs, at);
    joined.valueTimesUs.set(block.valueTimesUs, at);
    joined.statuses.set(block.statuses, at);
    joined.kinds.set(block.kinds, at);
    joined.numbers.set(block.numbers, at);
    at += block.length;
  }
  const hasTexts = blocks.some(({ texts }) => texts !== undefined);
  const texts = hasTexts
    ? blocks.flatMap((block) => block.texts ?? new Array<undefined>(block.length).fill(undefined))
    : undefined;
  return { ...joined, texts };
}
