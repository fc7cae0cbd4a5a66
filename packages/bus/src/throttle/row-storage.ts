import type { SampleValue } from '@katbus/protocol';

const ROWS_A_BLOCK = 1024;

/** Where the parts of a row are, in units of their own size from the row's beginning: ten doubles, seven counts, four bytes. */
export const DOUBLE = {
  archivedAtUs: 0,
  sentAtUs: 1,
  statusSentAtUs: 2,
  archivedValue: 3,
  sentValueTimeUs: 4,
  lastTimeUs: 5,
  newestAtUs: 6,
  newestValueTimeUs: 7,
  newestValue: 8,
  sentValue: 9,
} as const;
/** 32 bits each: after 4,294,967,295 they begin again. */
export const COUNT = {
  archive: 20,
  normal: 21,
  repeated: 22,
  held: 23,
  unchanged: 24,
  superseded: 25,
  statusStorm: 26,
} as const;
export const BYTE = { holding: 108, newestStatus: 109, sentStatus: 110, marks: 111 } as const;

/** Bytes of a row. What belongs to one sensor lies together: of 200,000 sensors in no order, each line of memory must be fetched anew. */
const ROW_BYTES = 112;
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
