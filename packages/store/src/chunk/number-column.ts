import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { NUMBERS } from './chunk-format.ts';
import { readIntegers, type writeIntegers } from './integer-column.ts';

/** Beyond it not every integer is a double, and differences of scaled numbers are not exact. */
const MOST_SCALED = 2 ** 50;
const MOST_DIGITS = 15;
const PROBES = 33;

/** Of so many numbers, one may be no decimal of the others' digits. */
const NUMBERS_AN_EXCEPTION = 16;

/** @param integersOf how the integers of decimals are written @returns which of NUMBERS it was */
export function writeNumbers(
  numbers: Float64Array,
  writer: ByteWriter,
  integersOf: typeof writeIntegers,
): number {
  const first = numbers[0]!;
  if (numbers.every((number) => Object.is(number, first))) {
    writer.double(first);
    return NUMBERS.constant;
  }
  const digits = digitsOf(numbers);
  if (digits !== undefined && writeDecimals(numbers, digits, writer, integersOf)) return NUMBERS.decimals;
  writer.append(bytesOf(numbers));
  return NUMBERS.doubles;
}

/** The bytes of doubles, all first bytes, then all second ones, ...: what compresses better than the doubles one by one. */
export function toPlanes(doubles: Uint8Array): Uint8Array {
  const planes = new Uint8Array(doubles.length);
  const length = doubles.length / 8;
  for (let place = 0; place < length; place++) {
    for (let plane = 0; plane < 8; plane++) planes[plane * length + place] = doubles[8 * place + plane]!;
  }
  return planes;
}

/** @returns undefined when the encoding is unknown or the bytes are not as many as they must be */
export function readNumbers(encoding: number, length: number, bytes: Uint8Array): Float64Array | undefined {
  const reader = new ByteReader(bytes);
  switch (encoding) {
    case NUMBERS.constant: {
      const numbers = new Float64Array(length).fill(reader.double());
      return reader.isAtEnd ? numbers : undefined;
    }
    case NUMBERS.doubles:
      if (bytes.length !== 8 * length) return undefined;
      // Aligned, as they are in a blob of SQLite's, they are not even copied. `slice` of a Buffer would not copy them either.
      return bytes.byteOffset % 8 === 0
        ? new Float64Array(bytes.buffer, bytes.byteOffset, length)
        : new Float64Array(new Uint8Array(bytes).buffer);
    case NUMBERS.planes:
      return bytes.length === 8 * length ? fromPlanes(bytes) : undefined;
    case NUMBERS.decimals: {
      const numbers = readDecimals(length, reader);
      return reader.isAtEnd ? numbers : undefined;
    }
    default:
      return undefined;
  }
}

function fromPlanes(planes: Uint8Array): Float64Array {
  const doubles = new Uint8Array(planes.length);
  const length = planes.length / 8;
  for (let place = 0; place < length; place++) {
    for (let plane = 0; plane < 8; plane++) doubles[8 * place + plane] = planes[plane * length + place]!;
  }
  return new Float64Array(doubles.buffer);
}

/**
 * Sensors' numbers are mostly decimals of few digits: 12.345 is 12345 / 1000, and that division gives back the very same double, because
 * both sides of it are exact and IEEE division is correctly rounded. Integers take a fifth of the bytes of doubles, or less.
 * @returns false: too many are none, nothing is written
 */
function writeDecimals(
  numbers: Float64Array,
  digits: number,
  writer: ByteWriter,
  integersOf: typeof writeIntegers,
): boolean {
  const scale = 10 ** digits;
  const integers = new Float64Array(numbers.length);
  const exceptions: number[] = [];
  let last = 0;
  for (let place = 0; place < numbers.length; place++) {
    const scaled = scaledOf(numbers[place]!, scale);
    if (scaled === undefined) {
      exceptions.push(place);
      if (exceptions.length * NUMBERS_AN_EXCEPTION > numbers.length) return false;
    } else last = scaled;
    integers[place] = last;
  }
  const column = new ByteWriter();
  const encoding = integersOf(integers, column);
  writer.byte(digits);
  writer.varint(exceptions.length);
  for (const place of exceptions) {
    writer.varint(place);
    writer.double(numbers[place]!);
  }
  writer.byte(encoding);
  writer.append(column.written());
  return true;
}

function readDecimals(length: number, reader: ByteReader): Float64Array | undefined {
  const scale = 10 ** reader.byte();
  const exceptions = reader.varint();
  if (exceptions > length) return undefined;
  const places: number[] = [];
  const values: number[] = [];
  for (let exception = 0; exception < exceptions; exception++) {
    places.push(reader.varint());
    values.push(reader.double());
  }
  const numbers = readIntegers(reader.byte(), length, reader);
  if (numbers === undefined) return undefined;
  if (scale !== 1) for (let place = 0; place < length; place++) numbers[place]! /= scale;
  for (const [exception, place] of places.entries()) numbers[place] = values[exception]!;
  return numbers;
}

/** The least number of digits after the point that nearly all of some probes have; undefined: there is none. */
function digitsOf(numbers: Float64Array): number | undefined {
  const every = Math.max(1, Math.floor(numbers.length / PROBES));
  for (let digits = 0; digits <= MOST_DIGITS; digits++) {
    const scale = 10 ** digits;
    let probes = 0;
    let others = 0;
    for (let place = 0; place < numbers.length; place += every) {
      probes++;
      if (scaledOf(numbers[place]!, scale) === undefined) others++;
      if (others > 2) break;
    }
    if (others <= Math.min(2, probes / 8)) return digits;
  }
  return undefined;
}

/** The integer that, divided by `scale`, is the number bit by bit; undefined: there is none. */
function scaledOf(number: number, scale: number): number | undefined {
  const scaled = Math.round(number * scale);
  if (!(Math.abs(scaled) <= MOST_SCALED)) return undefined;
  // The zero of -0 and of numbers that round to it: 0 / scale is +0.
  if (scaled === 0) return Object.is(number, 0) ? 0 : undefined;
  return scaled / scale === number ? scaled : undefined;
}

function bytesOf(numbers: Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
