/**
 * A sum that keeps what adding doubles one by one would lose: the error of each addition is known exactly (Knuth, "The Art of Computer
 * Programming", volume 2, section 4.2.2, theorem B) and is added up beside.
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
    const added = sum - this.sum;
    this.error += this.sum - (sum - added) + (value - added);
    this.sum = sum;
  }

  /** The sum as one double. Once it has left the range of doubles, or holds an infinity, the error means nothing. */
  get value(): number {
    return Number.isFinite(this.sum) ? this.sum + this.error : this.sum;
  }
}
