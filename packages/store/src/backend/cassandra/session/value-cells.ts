import type { CellPage } from './cell-page.ts';
import type { CqlRow, CqlValue } from './cql-session.ts';

/** The same of rows that the driver has made objects of: where its insides are not those that are known here. */
export class ValueCells implements CellPage {
  readonly length: number;
  readonly #cells: readonly CqlValue[];
  #at = 0;

  /** @param columns their names, in order */
  constructor(rows: readonly CqlRow[], columns: readonly string[]) {
    this.length = rows.length;
    this.#cells = rows.flatMap((row) => columns.map((name) => row[name]));
  }

  bigint(): number {
    return this.#number();
  }

  tinyint(): number {
    return this.#number();
  }

  int(): number {
    return this.#number();
  }

  double(): number {
    return this.#number();
  }

  text(): string | undefined {
    return (this.#next() ?? undefined) as string | undefined;
  }

  bytes(): Uint8Array | undefined {
    const bytes = this.#next() as Uint8Array | null | undefined;
    return bytes ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : undefined;
  }

  doubles(): number[] | undefined {
    return (this.#next() ?? undefined) as number[] | undefined;
  }

  #number(): number {
    return (this.#next() ?? NaN) as number;
  }

  #next(): CqlValue {
    return this.#cells[this.#at++];
  }
}
