import type { SampleValue } from '@katbus/protocol';

const ROWS_A_BLOCK = 1024;

/**
 * Where the parts of a row are, in units of their own size from the row's beginning. What an update touches that is dropped stands in the first
 * 48 bytes: of 200,000 sensors in no order, each line of memory has to be fetched anew, and that takes longer than all the rest.
 */
export const DOUBLE = {
  sentValue: 0,
  newestValue: 1,
  newestValueTimeUs: 2,
  newestAtUs: 3,
  archivedAtUs: 5,
  sentAtUs: 6,
  statusSentAtUs: 7,
  archivedValue: 8,
  sentValueTimeUs: 9,
  lastTimeUs: 10,
} as const;
export const BYTE = { holding: 32, newestStatus: 33, sentStatus: 34, marks: 35 } as const;
/** 32 bits each: after 4,294,967,295 they begin again. */
export const COUNT = {
  unchanged: 9,
  superseded: 22,
  statusStorm: 23,
  archive: 24,
  normal: 25,
  repeated: 26,
  held: 27,
} as const;

const ROW_BYTES = 128;
const DOUBLES_A_ROW = ROW_BYTES / 8;
const COUNTS_A_ROW = ROW_BYTES / 4;

/** The values of a row that may be no number, and stand outside of it then. */
export const VALUE = { newest: 0, sent: 1, archived: 2 } as const;
export type ValuePlace = (typeof VALUE)[keyof typeof VALUE];
const VALUES_A_ROW = 3;

/** A thousand rows in one buffer. */
export class RowBlock {
  readonly doubles: Float64Array<ArrayBuffer>;
  readonly counts: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  private others: SampleValue[] | undefined;

  constructor() {
    const buffer = new ArrayBuffer(ROWS_A_BLOCK * ROW_BYTES);
    this.doubles = new Float64Array(buffer);
    this.counts = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  /** A value that is no number. */
  other(place: number, value: ValuePlace): SampleValue {
    return this.others?.[place * VALUES_A_ROW + value] ?? null;
  }

  setOther(place: number, value: ValuePlace, content: SampleValue): void {
    this.others ??= new Array<SampleValue>(ROWS_A_BLOCK * VALUES_A_ROW).fill(null);
    this.others[place * VALUES_A_ROW + value] = content;
  }
}

/** Rows that come one after the other and never go, and a cursor that stands on one of them. */
export class RowStorage {
  length = 0;
  protected doubles = new Float64Array();
  protected counts = new Uint32Array();
  protected bytes = new Uint8Array();
  /** Where the parts of the row begin in the three. */
  protected firstDouble = 0;
  protected firstCount = 0;
  protected firstByte = 0;
  private readonly blocks: RowBlock[] = [];
  private block: RowBlock | undefined;
  private place = 0;

  add(): number {
    if (this.length === this.blocks.length * ROWS_A_BLOCK) this.blocks.push(new RowBlock());
    this.length += 1;
    return this.length - 1;
  }

  protected moveTo(row: number): void {
    const block = this.blocks[Math.floor(row / ROWS_A_BLOCK)]!;
    const place = row % ROWS_A_BLOCK;
    this.block = block;
    this.place = place;
    this.doubles = block.doubles;
    this.counts = block.counts;
    this.bytes = block.bytes;
    this.firstDouble = place * DOUBLES_A_ROW;
    this.firstCount = place * COUNTS_A_ROW;
    this.firstByte = place * ROW_BYTES;
  }

  protected other(value: ValuePlace): SampleValue {
    return this.block?.other(this.place, value) ?? null;
  }

  protected setOther(value: ValuePlace, content: SampleValue): void {
    this.block?.setOther(this.place, value, content);
  }
}
