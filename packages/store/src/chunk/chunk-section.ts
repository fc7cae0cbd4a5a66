import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { COMPRESSION, type SectionKind } from './chunk-format.ts';

/** A column as it is written: encoded, not compressed. */
export interface EncodedColumn {
  readonly kind: SectionKind;
  readonly encoding: number;
  readonly bytes: Uint8Array;
}

/** A line of a chunk's directory. */
export interface SectionEntry {
  readonly kind: number;
  readonly encoding: number;
  readonly compression: number;
  readonly storedBytes: number;
  readonly encodedBytes: number;
  /** CRC-32 of the stored bytes. */
  readonly checksum: number;
}

/** Each section to unpack costs 20 us and more, however short it is: as much as decoding the rest. What saves less is not compressed. */
const LEAST_COMPRESSED_BYTES = 384;
const WORTHWHILE_RATIO = 0.8;

/** Level 3 is no slower to read than level 1, and saves a tenth where there is something to save. */
const PARAMETERS = { [constants.ZSTD_c_compressionLevel]: 3 };

/** @returns undefined when compressing does not pay */
export function compress(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < LEAST_COMPRESSED_BYTES) return undefined;
  const compressed = zstdCompressSync(bytes, { params: PARAMETERS, chunkSize: bytes.length + 64 });
  return compressed.length < WORTHWHILE_RATIO * bytes.length ? compressed : undefined;
}

/** @returns undefined when the bytes are not what the entry says */
export function unpackSection(stored: Uint8Array, entry: SectionEntry): Uint8Array | undefined {
  if (stored.length !== entry.storedBytes || crc32(stored) !== entry.checksum) return undefined;
  switch (entry.compression) {
    case COMPRESSION.none:
      return stored.length === entry.encodedBytes ? stored : undefined;
    case COMPRESSION.zstd: {
      const bytes = decompress(stored, entry.encodedBytes);
      return bytes?.length === entry.encodedBytes ? bytes : undefined;
    }
    default:
      return undefined;
  }
}

function decompress(stored: Uint8Array, length: number): Uint8Array | undefined {
  try {
    // One piece of output: Node would put together pieces of 16 kB.
    return zstdDecompressSync(stored, { chunkSize: Math.max(64, length + 1), maxOutputLength: length + 1 });
  } catch {
    return undefined;
  }
}
