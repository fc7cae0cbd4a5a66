/** The elements of a JSON array, written out one by one and bounded by bytes: what is measured is what is sent. */
export class JsonList {
  readonly #mostBytes: number;
  readonly #elements: string[] = [];
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** @returns false when it has no room for the element; a first one always has */
  add(element: object): boolean {
    const json = JSON.stringify(element);
    const bytes = Buffer.byteLength(json) + 1;
    if (this.#elements.length > 0 && this.#bytes + bytes > this.#mostBytes) return false;
    this.#bytes += bytes;
    this.#elements.push(json);
    return true;
  }

  /** @param fields what the answer has beside the list; undefined ones are left out */
  toAnswer(name: string, fields: Record<string, unknown> = {}): string {
    const rest = JSON.stringify(fields).slice(1, -1);
    return `{${rest}${rest === '' ? '' : ','}${JSON.stringify(name)}:[${this.#elements.join(',')}]}`;
  }
}
