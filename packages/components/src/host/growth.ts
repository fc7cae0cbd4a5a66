import type { Status } from '@katbus/protocol';

/** How long an operator sees that a counter of errors has grown. */
const SHOWN_SECONDS = 60;

/** The status of a counter that should stand still: `warn` for a minute after it grew. */
export class Growth {
  private last: number | undefined;
  private grewAt = -Infinity;

  /** @param seconds of a clock that never steps back */
  status(count: number, seconds: number): Status {
    if (this.last !== undefined && count > this.last) this.grewAt = seconds;
    this.last = count;
    return seconds - this.grewAt < SHOWN_SECONDS ? 'warn' : 'nominal';
  }
}
