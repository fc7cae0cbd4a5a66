/** What many have a part of, up to a bound: who would pass it is refused. */
export class SharedMemory {
  readonly #mostBytes: number;
  readonly #refusal: (mostBytes: number) => Error;
  #bytes = 0;

  /** @param refusal what {@link take} throws */
  constructor(mostBytes: number, refusal: (mostBytes: number) => Error) {
    this.#mostBytes = mostBytes;
    this.#refusal = refusal;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws the refusal, and takes nothing then */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#mostBytes) throw this.#refusal(this.#mostBytes);
    this.#bytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}
