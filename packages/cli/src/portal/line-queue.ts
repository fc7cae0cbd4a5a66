/** Entries that may wait for a terminal that is slow: more than the snapshot of a large observatory has, which comes all at once. */
const MOST_WAITING = 250_000;
/** Room that is given back at once, so that taking one is cheap however many wait. */
const COMPACT_FROM = 1_024;

/** What waits to be printed, in order. Beyond the bound, the newest are left out and counted. */
export class LineQueue<Entry> {
  private readonly most: number;
  private waiting: Entry[] = [];
  private taken = 0;
  private leftOutCount = 0;

  constructor(most = MOST_WAITING) {
    this.most = most;
  }

  /** How many there was no room for. */
  get leftOut(): number {
    return this.leftOutCount;
  }

  add(entry: Entry): void {
    if (this.waiting.length - this.taken >= this.most) this.leftOutCount += 1;
    else this.waiting.push(entry);
  }

  /** The oldest; undefined when none waits. */
  take(): Entry | undefined {
    const entry = this.waiting[this.taken];
    if (this.taken < this.waiting.length) this.taken += 1;
    if (this.taken >= COMPACT_FROM && 2 * this.taken >= this.waiting.length) {
      this.waiting = this.waiting.slice(this.taken);
      this.taken = 0;
    }
    return entry;
  }
}
