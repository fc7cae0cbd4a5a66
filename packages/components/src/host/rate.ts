/** Turns a growing counter into a rate. */
export class Rate {
  private last: { readonly count: number; readonly seconds: number } | undefined;

  /**
   * @param seconds of a clock that never steps back
   * @returns counts a second since the look before; undefined at the first look and when the counter has been reset
   */
  next(count: number, seconds: number): number | undefined {
    const { last } = this;
    this.last = { count, seconds };
    if (last === undefined || count < last.count || seconds <= last.seconds) return undefined;
    return (count - last.count) / (seconds - last.seconds);
  }
}

/** The clock for rates: seconds, whatever happens to the wall clock. */
export function steadySeconds(): number {
  return performance.now() / 1000;
}
