/** A first-in-first-out queue whose elements keep their number for life, so that an answer finds its entry by number. */
export class EntryRing<T> {
  private slots: (T | undefined)[] = new Array<T | undefined>(64);
  /** Number of the oldest element. */
  first = 0;
  /** Number that the next element will get. */
  end = 0;

  get length(): number {
    return this.end - this.first;
  }

  push(element: T): number {
    if (this.length === this.slots.length) this.grow();
    const number = this.end;
    this.slots[number % this.slots.length] = element;
    this.end += 1;
    return number;
  }

  get(number: number): T | undefined {
    return number >= this.first && number < this.end ? this.slots[number % this.slots.length] : undefined;
  }

  /** Removes the oldest element. */
  shift(): void {
    this.slots[this.first % this.slots.length] = undefined;
    this.first += 1;
  }

  clear(): void {
    while (this.length > 0) this.shift();
  }

  private grow(): void {
    const grown = new Array<T | undefined>(this.slots.length * 2);
    for (let number = this.first; number < this.end; number += 1) {
      grown[number % grown.length] = this.slots[number % this.slots.length];
    }
    this.slots = grown;
  }
}
