/** What an axis of an antenna can do; degrees, degrees a second, degrees a second squared. */
export interface AxisLimits {
  readonly lowest: number;
  readonly highest: number;
  readonly rate: number;
  readonly acceleration: number;
}

/** Turns with the distance left, near the target: how stiff the servo is, per second. */
const GAIN = 2;
/** Braking uses a part of what the axis could do, so that the rest can correct. */
const BRAKING_SHARE = 0.7;

/** One axis of a receptor: follows where it is sent, within its rate, its acceleration and its limits. */
export class Axis {
  readonly limits: AxisLimits;
  /** Degrees. */
  position: number;
  /** Degrees a second. */
  rate = 0;
  /** Degrees a second squared, in the last step. */
  acceleration = 0;

  constructor(limits: AxisLimits, position: number) {
    this.limits = limits;
    this.position = position;
  }

  /**
   * @param target where to be, degrees; what is beyond the limits is brought to them
   * @param targetRate how fast the target itself moves, degrees a second
   */
  follow(seconds: number, target: number, targetRate: number): void {
    const { lowest, highest, acceleration } = this.limits;
    const reachable = Math.min(highest, Math.max(lowest, target));
    const leading = reachable === target ? targetRate : 0;
    // The target's own way in this step is made by going as fast as it does.
    const distance = reachable - this.position - leading * seconds;
    const closing = Math.min(
      GAIN * Math.abs(distance),
      Math.sqrt(2 * BRAKING_SHARE * acceleration * Math.abs(distance)),
    );
    this.move(seconds, leading + Math.sign(distance) * closing);
  }

  /** Brakes. */
  halt(seconds: number): void {
    this.move(seconds, 0);
  }

  /** Stands at once, as a drive does whose brakes have fallen in. */
  freeze(): void {
    this.rate = 0;
    this.acceleration = 0;
  }

  private move(seconds: number, wantedRate: number): void {
    const { lowest, highest, rate: most, acceleration } = this.limits;
    const wanted = Math.min(most, Math.max(-most, wantedRate));
    const change = Math.min(acceleration * seconds, Math.max(-acceleration * seconds, wanted - this.rate));
    this.acceleration = change / seconds;
    this.rate += change;
    const next = this.position + this.rate * seconds;
    this.position = Math.min(highest, Math.max(lowest, next));
    if (this.position !== next) this.rate = 0;
  }
}
