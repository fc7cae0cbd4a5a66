import type { ByteReader } from './byte-reader.ts';
import { zigzag, type ByteWriter } from './byte-writer.ts';
import { INTEGERS } from './chunk-format.ts';

/** Differences beyond it are not exact, or not as a zigzag varint of doubles. */
const MOST_DIFFERENCE = 2 ** 51;

/** How many differences are looked at to find the usual one. */
const PROBES = 65;

/**
 * Writes integers (exact in a double) in the encoding that takes least.
 * @returns which of INTEGERS it was: the reader has to be told
 */
export function writeIntegers(values: Float64Array, writer: ByteWriter): number {
  const first = values[0]!;
  const step = usual(values, (place) => values[place]! - values[place - 1]!);
  const base = usual(values, (place) => values[place]!);
  let deltaBytes = 0;
  let offsetBytes = varintBytes(first - base);
  let isConstant = true;
  let isRegular = true;
  for (let place = 1; place < values.length; place++) {
    const delta = values[place]! - values[place - 1]! - step;
    isConstant &&= values[place] === first;
    isRegular &&= delta === 0;
    deltaBytes += varintBytes(delta);
    offsetBytes += varintBytes(values[place]! - base);
  }
  if (isConstant) {
    writer.double(first);
    return INTEGERS.constant;
  }
  if (deltaBytes <= offsetBytes && deltaBytes < Infinity && Math.abs(step) <= MOST_DIFFERENCE) {
    writer.double(first);
    writer.signed(step);
    if (isRegular) return INTEGERS.regular;
    for (let place = 1; place < values.length; place++) {
      writer.signed(values[place]! - values[place - 1]! - step);
    }
    return INTEGERS.deltas;
  }
  if (offsetBytes < Infinity) {
    writer.double(base);
    for (const value of values) writer.signed(value - base);
    return INTEGERS.offsets;
  }
  for (const value of values) writer.double(value);
  return INTEGERS.doubles;
}

/**
 * Writes integers in an encoding that takes no search for the best: for what is read once, and written anew.
 * @returns which of INTEGERS it was
 */
export function writeOffsets(values: Float64Array, writer: ByteWriter): number {
  const first = values[0]!;
  let least = first;
  let most = first;
  for (let place = 1; place < values.length; place++) {
    const value = values[place]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least === most) {
    writer.double(first);
    return INTEGERS.constant;
  }
  if (!(most - least <= MOST_DIFFERENCE)) return writeIntegers(values, writer);
  const middle = least + Math.floor((most - least) / 2);
  writer.double(middle);
  writer.signedOffsets(values, middle);
  return INTEGERS.offsets;
}

/** @returns undefined when the encoding is unknown; whether the bytes were enough, the caller asks the reader */
export function readIntegers(encoding: number, length: number, reader: ByteReader): Float64Array | undefined {
  const values = new Float64Array(length);
  switch (encoding) {
    case INTEGERS.constant:
      return values.fill(reader.double());
    case INTEGERS.regular: {
      let value = reader.double();
      const step = reader.signed();
      for (let place = 0; place < length; place++) {
        values[place] = value;
        value += step;
      }
      return values;
    }
    case INTEGERS.deltas: {
      let value = reader.double();
      const step = reader.signed();
      values[0] = value;
      reader.signedInto(values, 1);
      for (let place = 1; place < length; place++) {
        value += values[place]! + step;
        values[place] = value;
      }
      return values;
    }
    case INTEGERS.offsets: {
      const base = reader.double();
      reader.signedInto(values, 0);
      for (let place = 0; place < length; place++) values[place]! += base;
      return values;
    }
    case INTEGERS.doubles:
      for (let place = 0; place < length; place++) values[place] = reader.double();
      return values;
    default:
      return undefined;
  }
}

/** The median of some: rare jumps do not move it. */
function usual(values: Float64Array, of: (place: number) => number): number {
  const from = Math.min(1, values.length - 1);
  const every = Math.max(1, Math.floor((values.length - from) / PROBES));
  const probes = new Float64Array(Math.ceil((values.length - from) / every));
  for (let probe = 0; probe < probes.length; probe++) {
    const place = from + probe * every;
    probes[probe] = place === 0 ? 0 : of(place);
  }
  // Its own sort compares numbers, ten times faster than with a function.
  probes.sort();
  return probes[probes.length >>> 1] ?? 0;
}

/** Infinity: cannot be a varint. */
function varintBytes(value: number): number {
  const encoded = zigzag(value);
  if (encoded < 0x80) return 1;
  if (encoded < 0x4000) return 2;
  if (encoded < 0x200000) return 3;
  return Math.abs(value) <= MOST_DIFFERENCE ? Math.floor(Math.log2(encoded) / 7) + 1 : Infinity;
}
