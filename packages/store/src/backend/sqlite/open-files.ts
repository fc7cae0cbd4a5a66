interface Closable {
  close(): void;
}

/** Files that stay open for the next use; when there are too many, the one that was not used for longest is closed. */
export class OpenFiles<File extends Closable> {
  readonly #open: (day: number) => File;
  readonly #most: number;
  /** In order of use: a Map keeps the order of insertion. */
  readonly #files = new Map<number, File>();

  constructor(most: number, open: (day: number) => File) {
    this.#most = most;
    this.#open = open;
  }

  /** @throws what opening throws */
  get(day: number): File {
    let file = this.#files.get(day);
    this.#files.delete(day);
    file ??= this.#open(day);
    this.#files.set(day, file);
    const [oldest] = this.#files.keys();
    if (this.#files.size > this.#most && oldest !== undefined) this.close(oldest);
    return file;
  }

  close(day: number): void {
    const file = this.#files.get(day);
    this.#files.delete(day);
    file?.close();
  }

  entries(): [number, File][] {
    return [...this.#files];
  }

  keys(): number[] {
    return [...this.#files.keys()];
  }

  *[Symbol.iterator](): Iterator<File> {
    yield* this.#files.values();
  }

  closeAll(): void {
    for (const day of this.keys()) this.close(day);
  }
}
