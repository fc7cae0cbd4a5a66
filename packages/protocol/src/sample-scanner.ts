import { STATUSES } from './status.ts';

const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;

const TIME = bytesOf('","time":');
const VALUE_TIME = bytesOf(',"value_ts":');
const STATUS = bytesOf(',"status":"');
const VALUE = bytesOf('","value":');
const NAME = bytesOf('{"name":"');
const END = 0x7d;
const STATUS_BYTES = STATUSES.map(bytesOf);

const MICROSECOND_DIGITS = 6;
/** May 2041: before it, microseconds are below 2^51, and what `toMicroseconds` makes of the double of seconds is always the microsecond that was written. */
const LATEST_SECONDS = 2_251_799_812;
/** Integers of so many digits are exact, as are these powers of ten: then one division rounds as JSON.parse does (Clinger 1990). */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/**
 * Reads the bytes that `encodeSample` writes, many times as fast as JSON: the fields in that order, no white space, times with at most six
 * digits after the point, a number without exponent, a boolean, `null`, or a string that is plain ASCII.
 *
 * Anything else is not judged: {@link scan} says false, and whoever asks parses it as JSON. What it does read is exactly what JSON.parse
 * and `toMicroseconds` make of it; a property test holds that.
 */
export class SampleScanner {
  timeUs = 0;
  valueTimeUs = 0;
  /** Place in STATUSES. */
  statusRank = 0;
  value: number | string | boolean | null = null;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;

  /**
   * @param payload what travelled
   * @param subject `sensor.archive.<component>.<sensor>`: the sample's name must be the component and the sensor of it
   * @param nameFrom where the component begins in it
   * @returns false: not of that exact shape, or the name does not fit
   */
  scan(payload: Uint8Array, subject: Uint8Array, nameFrom: number): boolean {
    this.#bytes = payload;
    this.#at = 0;
    return (
      this.#takes(NAME) &&
      this.#takesName(subject, nameFrom) &&
      this.#takes(TIME) &&
      (this.timeUs = this.#time()) >= 0 &&
      this.#takes(VALUE_TIME) &&
      (this.valueTimeUs = this.#time()) >= 0 &&
      this.#takes(STATUS) &&
      this.#takesStatus() &&
      this.#takes(VALUE) &&
      this.#takesValue() &&
      this.#at === payload.length - 1 &&
      payload[this.#at] === END
    );
  }

  #takes(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    for (let place = 0; place < expected.length; place++) {
      if (bytes[at + place] !== expected[place]) return false;
    }
    this.#at = at + expected.length;
    return true;
  }

  /** The name is the subject's last two tokens with `_` for the dot between them. */
  #takesName(subject: Uint8Array, from: number): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let place = from; place < subject.length; place++, at++) {
      const byte = subject[place];
      if (bytes[at] !== (byte === POINT ? UNDERSCORE : byte)) return false;
    }
    this.#at = at;
    return true;
  }

  /** Microseconds; -1: not of the usual shape. */
  #time(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const start = at;
    let seconds = 0;
    for (let byte = bytes[at]; isDigit(byte); byte = bytes[++at]) seconds = seconds * 10 + (byte - ZERO);
    // JSON has no leading zeros.
    if (
      at === start ||
      at - start > 10 ||
      seconds > LATEST_SECONDS ||
      (bytes[start] === ZERO && at > start + 1)
    )
      return -1;
    let micros = 0;
    if (bytes[at] === POINT) {
      const point = at++;
      for (let byte = bytes[at]; isDigit(byte); byte = bytes[++at]) micros = micros * 10 + (byte - ZERO);
      const digits = at - point - 1;
      if (digits === 0 || digits > MICROSECOND_DIGITS) return -1;
      micros *= POWERS_OF_TEN[MICROSECOND_DIGITS - digits]!;
    }
    this.#at = at;
    return seconds * 1e6 + micros;
  }

  #takesStatus(): boolean {
    // The first letters differ, but for unknown and unreachable.
    for (let rank = 0; rank < STATUS_BYTES.length; rank++) {
      if (this.#bytes[this.#at] === STATUS_BYTES[rank]![0] && this.#takes(STATUS_BYTES[rank]!)) {
        this.statusRank = rank;
        return true;
      }
    }
    return false;
  }

  #takesValue(): boolean {
    const byte = this.#bytes[this.#at];
    if (byte === QUOTE) return this.#takesString();
    if (isDigit(byte) || byte === MINUS) return this.#takesNumber();
    for (const [text, value] of WORDS) {
      if (!this.#takes(text)) continue;
      this.value = value;
      return true;
    }
    return false;
  }

  #takesNumber(): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    const start = at;
    let digits = 0;
    for (let byte = bytes[at]; isDigit(byte); byte = bytes[++at]) digits = digits * 10 + (byte - ZERO);
    let count = at - start;
    if (count === 0 || (bytes[start] === ZERO && count > 1)) return false;
    let decimals = 0;
    if (bytes[at] === POINT) {
      const point = at++;
      for (let byte = bytes[at]; isDigit(byte); byte = bytes[++at]) digits = digits * 10 + (byte - ZERO);
      decimals = at - point - 1;
      if (decimals === 0) return false;
      count += decimals;
    }
    // What follows, an exponent too, is judged by whoever looks for the end.
    if (count > EXACT_DIGITS) return false;
    const value = decimals === 0 ? digits : digits / POWERS_OF_TEN[decimals]!;
    this.value = isNegative ? -value : value;
    this.#at = at;
    return true;
  }

  #takesString(): boolean {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
      if (byte === undefined || byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return false;
    }
    this.value = ascii.decode(bytes.subarray(start, at));
    this.#at = at + 1;
    return true;
  }
}

const ascii = new TextDecoder();
const WORDS: readonly (readonly [Uint8Array, boolean | null])[] = [
  [bytesOf('true'), true],
  [bytesOf('false'), false],
  [bytesOf('null'), null],
];

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
