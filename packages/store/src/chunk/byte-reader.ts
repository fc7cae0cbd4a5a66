/**
 * Reads what {@link ByteWriter} wrote. It does not look for the end at each step, because the loops that use it are the hot ones of every
 * query: past the end it reads zeros, and whoever is done asks {@link isAtEnd}.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.at++] ?? 0;
  }

  double(): number {
    const { bytes, at } = this;
    this.at += 8;
    if (this.at > bytes.length) return NaN;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(at, true);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 || scale > 2 ** 49) return value;
      scale *= 0x80;
    }
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** `length` of the bytes that follow; fewer when there are fewer. */
  take(length: number): Uint8Array {
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }

  /** Signed integers from place `from` of `out` to its end. One to four bytes are the usual lengths. */
  signedInto(out: Float64Array, from: number): void {
    const { bytes } = this;
    const { length } = out;
    let at = this.at;
    for (let place = from; place < length; place++) {
      const first = bytes[at]!;
      if (first < 0x80) {
        out[place] = (first >>> 1) ^ -(first & 1);
        at++;
        continue;
      }
      const second = bytes[at + 1]!;
      if (second < 0x80) {
        const value = (first & 0x7f) | (second << 7);
        out[place] = (value >>> 1) ^ -(value & 1);
        at += 2;
        continue;
      }
      const third = bytes[at + 2]!;
      if (third < 0x80) {
        const value = (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
        out[place] = (value >>> 1) ^ -(value & 1);
        at += 3;
        continue;
      }
      const fourth = bytes[at + 3]!;
      if (fourth < 0x80) {
        const value = (first & 0x7f) | ((second & 0x7f) << 7) | ((third & 0x7f) << 14) | (fourth << 21);
        out[place] = (value >>> 1) ^ -(value & 1);
        at += 4;
        continue;
      }
      this.at = at;
      out[place] = this.signed();
      at = this.at;
    }
    this.at = at;
  }
}
