/** How much of an answer is left, about, in bytes of JSON. */
export class PageRoom {
  #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(bytes: number): void {
    this.#bytes -= bytes;
  }

  get left(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes <= 0;
  }
}
