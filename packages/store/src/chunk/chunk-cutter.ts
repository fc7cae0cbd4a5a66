import type { ColumnBlock } from '../backend/column-block.ts';
import { concatBlocks, sliceBlock } from '../backend/sample-block.ts';

export const CHUNK_SAMPLES = { least: 1_024, most: 4_096 } as const;

/** About the most text of a chunk, in UTF-16 units; one longer text makes a chunk of its own. */
const MOST_TEXT = 1024 ** 2;

/** Where chunks end, if they can: on the edges that bins are likely to have. All divide a day. */
const EDGES_US = [86_400, 43_200, 21_600, 10_800, 3_600, 1_800, 900, 300, 60, 10].map(
  (seconds) => seconds * 1e6,
);

/** Cuts the samples of one sensor, which come in order of time in blocks of any length, into chunks. */
export class ChunkCutter {
  readonly #take: (chunk: ColumnBlock) => void;
  #pending: ColumnBlock[] = [];
  #length = 0;
  #textUnits = 0;

  constructor(take: (chunk: ColumnBlock) => void) {
    this.#take = take;
  }

  add(block: ColumnBlock): void {
    this.#pending.push(block);
    this.#length += block.length;
    this.#textUnits += textUnitsOf(block);
    // Thousands of long texts are more than the memory holds.
    if (this.#length > CHUNK_SAMPLES.most || this.#textUnits > MOST_TEXT) this.#cutDownTo(CHUNK_SAMPLES.most);
  }

  /** What is left of the sensor. */
  end(): void {
    this.#cutDownTo(0);
  }

  #cutDownTo(most: number): void {
    let rest = concatBlocks(this.#pending);
    while (rest.length > most || textUnitsOf(rest) > MOST_TEXT) {
      const end = cutOf(rest);
      this.#take(sliceBlock(rest, 0, end));
      rest = sliceBlock(rest, end, rest.length);
    }
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    this.#textUnits = textUnitsOf(rest);
  }
}

function textUnitsOf({ texts }: ColumnBlock): number {
  return texts?.reduce((units, text) => units + (text?.length ?? 0), 0) ?? 0;
}

/** How many of the samples make up the next chunk. */
function cutOf(block: ColumnBlock): number {
  const most = mostByText(block);
  if (block.length <= most) return block.length;
  const { timesUs } = block;
  for (const edgeUs of EDGES_US) {
    // The last edge within: from it on, times have the quotient of the sample that would be one too many, or a greater one.
    const edge = Math.floor(timesUs[most]! / edgeUs) * edgeUs;
    let place = most;
    while (place > 0 && timesUs[place - 1]! >= edge) place--;
    if (place >= Math.min(CHUNK_SAMPLES.least, most / 4)) return place;
  }
  return most;
}

function mostByText({ length, texts }: ColumnBlock): number {
  const most = CHUNK_SAMPLES.most;
  if (texts === undefined) return most;
  let units = 0;
  for (let place = 0; place < Math.min(length, most); place++) {
    units += texts[place]?.length ?? 0;
    if (units > MOST_TEXT) return Math.max(1, place);
  }
  return most;
}
