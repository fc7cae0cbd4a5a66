/** The constants of the chunk format; STORAGE.md, "The chunk format", specifies it byte by byte. */
export const CHUNK_MAGIC = 0x6b63424b; // "KBck" as a little-endian u32
export const CHUNK_VERSION = 1;

export const JOURNAL_MAGIC = 0x6a63424b; // "KBcj"
export const JOURNAL_VERSION = 1;

export const HEADER_BYTES = 16;
export const ENTRY_BYTES = 16;

/** What a section holds. Each is there once at most. */
export const SECTION = {
  numbers: 1,
  times: 2,
  valueTimes: 3,
  statuses: 4,
  kinds: 5,
  texts: 6,
  /** Of a journal row only. */
  sensors: 7,
  /** Of a journal row only. */
  received: 8,
} as const;
export type SectionKind = (typeof SECTION)[keyof typeof SECTION];

export const COMPRESSION = { none: 0, zstd: 1 } as const;

/** Encodings of integers: of times, of the age of values, of scaled decimals, of places in a dictionary. */
export const INTEGERS = { constant: 0, regular: 1, deltas: 2, offsets: 3, doubles: 4 } as const;

/** Encodings of numbers. */
export const NUMBERS = { constant: 0, doubles: 1, planes: 2, decimals: 3 } as const;

/** The only encoding of statuses and kinds. */
export const RUNS = 0;

/** The only encoding of the sensors of a journal row. */
export const SPANS = 0;

/** The only encoding of texts. */
export const DICTIONARY = 0;

/** Most samples of a chunk: what a reader has to have room for. */
export const MOST_CHUNK_SAMPLES = 65_536;
