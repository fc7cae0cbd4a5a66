import type { Random } from './random.ts';

/**
 * A quantity that wanders about zero and forgets where it was after some time (an Ornstein-Uhlenbeck process): how wind,
 * pressure and the noise of a servo behave. Steps are exact: their length changes nothing about its statistics.
 */
export class Drift {
  /** In units of its standard deviation. */
  private level: number;
  private readonly random: Random;
  private readonly memorySeconds: number;
  private stepSeconds = NaN;
  private kept = 0;
  private added = 0;

  /** @param memorySeconds after so long little is left of what it was */
  constructor(random: Random, memorySeconds: number) {
    this.random = random;
    this.memorySeconds = memorySeconds;
    this.level = random.normal();
  }

  /** @param deviation its standard deviation now @returns where it is */
  step(seconds: number, deviation = 1): number {
    if (seconds !== this.stepSeconds) {
      this.stepSeconds = seconds;
      this.kept = Math.exp(-seconds / this.memorySeconds);
      this.added = Math.sqrt(1 - this.kept ** 2);
    }
    this.level = this.kept * this.level + this.added * this.random.normal();
    return this.level * deviation;
  }
}
