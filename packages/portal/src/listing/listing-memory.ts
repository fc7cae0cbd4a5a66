import { RequestError } from '../rpc/errors.ts';

/** What the listings of all sessions take: from when a component's answer comes until the last byte of what is made of it is written. */
export class ListingMemory {
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws {RequestError} `busy` */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#mostBytes) {
      const message = `the listings that are under way have ${this.#mostBytes} bytes, as much as they may: ask again in a second`;
      throw new RequestError('busy', message);
    }
    this.#bytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}
