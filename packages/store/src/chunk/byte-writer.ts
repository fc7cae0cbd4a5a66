/** Bytes that grow: what the columns of a chunk are written into. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  uint32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  double(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** LEB128: seven bits a byte, the lowest first. @param value an integer from 0 to 2^53 */
  varint(value: number): void {
    this.#room(8);
    while (value >= 0x80) {
      this.#bytes[this.#length++] = (value % 0x80) + 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#length++] = value;
  }

  /** A signed integer: 0, -1, 1, -2, ... become 0, 1, 2, 3, ... */
  signed(value: number): void {
    this.varint(zigzag(value));
  }

  /** Signed integers, as differences to a base; one to four bytes are the usual lengths. @param values differ from it by less than 2^52 */
  signedOffsets(values: Float64Array, base: number): void {
    this.#room(8 * values.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (const value of values) {
      let encoded = zigzag(value - base);
      for (; encoded >= 2 ** 31; encoded = Math.floor(encoded / 0x80)) bytes[at++] = (encoded % 0x80) + 0x80;
      let small = encoded | 0;
      for (; small >= 0x80; small >>>= 7) bytes[at++] = (small & 0x7f) | 0x80;
      bytes[at++] = small;
    }
    this.#length = at;
  }

  append(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A view: valid until the next call. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const longer = new Uint8Array(Math.max(this.#length + bytes, 2 * this.#bytes.length));
    longer.set(this.#bytes);
    this.#bytes = longer;
    this.#view = new DataView(longer.buffer);
  }
}

export function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}
