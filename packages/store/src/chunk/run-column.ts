import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** Small numbers that stay the same for long, as (number, length of its run). */
export function writeRuns(values: Uint8Array, writer: ByteWriter): void {
  let start = 0;
  for (let place = 1; place <= values.length; place++) {
    if (place < values.length && values[place] === values[start]) continue;
    writer.byte(values[start]!);
    writer.varint(place - start);
    start = place;
  }
}

/** @returns undefined when the runs do not make up `length` */
export function readRuns(length: number, reader: ByteReader): Uint8Array | undefined {
  const values = new Uint8Array(length);
  let place = 0;
  while (place < length && !reader.isAtEnd) {
    const value = reader.byte();
    const run = reader.varint();
    if (run === 0 || place + run > length) return undefined;
    values.fill(value, place, place + run);
    place += run;
  }
  return place === length && reader.isAtEnd ? values : undefined;
}
