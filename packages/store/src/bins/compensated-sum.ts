/**
 * A sum that keeps what adding doubles one by one would lose (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
 * Summen", 1974): the error of each addition is known exactly and is added up beside.
 */
export class CompensatedSum {
  sum: number;
  error: number;

  constructor(sum = 0, error = 0) {
    this.sum = sum;
    this.error = error;
  }

  add(value: number): void {
    const sum = this.sum + value;
    this.error += Math.abs(this.sum) >= Math.abs(value) ? this.sum - sum + value : value - sum + this.sum;
    this.sum = sum;
  }

  /** The sum as one double. Once it has left the range of doubles, or holds an infinity, the error means nothing. */
  get value(): number {
    return Number.isFinite(this.sum) ? this.sum + this.error : this.sum;
  }
}
