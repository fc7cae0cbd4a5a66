/** How many places there are, how often each is to be dealt with, and what that is. */
export interface PacerOptions {
  readonly count: number;
  /** How often each place comes, per second. */
  readonly ratePerSecond: number;
  readonly deal: (place: number) => void;
}

/**
 * Deals with many places in turn, each equally often, and evenly: 200,000 sensors that all came at the top of each second would be a
 * burst that nothing in an observatory makes. Time is an argument.
 */
export class Pacer {
  /** Places that did not get their turn because the process could not keep up, or slept. */
  skipped = 0;
  private readonly options: PacerOptions;
  private place = 0;
  private lastSeconds: number | undefined;
  /** Turns that are due, as a fraction of one. */
  private rest = 0;

  constructor(options: PacerOptions) {
    this.options = options;
  }

  /** @param seconds of a clock that never steps back */
  advance(seconds: number): void {
    const { count, ratePerSecond, deal } = this.options;
    const elapsed = seconds - (this.lastSeconds ?? seconds);
    this.lastSeconds = seconds;
    const due = this.rest + elapsed * count * ratePerSecond;
    let turns = Math.floor(due);
    this.rest = due - turns;
    if (turns > count) {
      // More than a whole round is owed: the places' newest values are all that anybody could want.
      this.skipped += turns - count;
      turns = count;
    }
    for (let turn = 0; turn < turns; turn += 1) {
      const place = this.place;
      this.place = place + 1 === count ? 0 : place + 1;
      deal(place);
    }
  }
}
