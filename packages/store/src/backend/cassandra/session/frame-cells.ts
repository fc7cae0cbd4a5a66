import type { CellPage } from './cell-page.ts';

const WORD = 2 ** 32;

/** Cells as they came over the wire (CQL binary protocol 4, section 4.2.5.2): each a length, below 0 for null, and so many bytes. */
export class FrameCells implements CellPage {
  readonly length: number;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at: number;

  /** @param at where the first cell of the first row begins */
  constructor(bytes: Buffer, at: number, rows: number) {
    this.length = rows;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  bigint(): number {
    const at = this.#next();
    return at < 0 ? NaN : this.#view.getInt32(at) * WORD + this.#view.getUint32(at + 4);
  }

  tinyint(): number {
    const at = this.#next();
    return at < 0 ? NaN : this.#view.getInt8(at);
  }

  int(): number {
    const at = this.#next();
    return at < 0 ? NaN : this.#view.getInt32(at);
  }

  double(): number {
    const at = this.#next();
    return at < 0 ? NaN : this.#view.getFloat64(at);
  }

  text(): string | undefined {
    const at = this.#next();
    return at < 0 ? undefined : this.#bytes.toString('utf8', at, this.#at);
  }

  bytes(): Uint8Array | undefined {
    const at = this.#next();
    if (at < 0) return undefined;
    const { buffer, byteOffset } = this.#bytes;
    return new Uint8Array(buffer, byteOffset + at, this.#at - at);
  }

  doubles(): number[] | undefined {
    const at = this.#next();
    if (at < 0) return undefined;
    // Each element has its length before it, which is 8.
    return Array.from({ length: this.#view.getInt32(at) }, (_, place) =>
      this.#view.getFloat64(at + 8 + 12 * place),
    );
  }

  /** Passes over a cell. @returns where its bytes begin; -1: null */
  #next(): number {
    const at = this.#at + 4;
    const length = this.#view.getInt32(this.#at);
    this.#at = length < 0 ? at : at + length;
    return length < 0 ? -1 : at;
  }
}
