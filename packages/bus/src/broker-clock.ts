import { wallClockUs } from '@katbus/protocol';

/** How long the two clocks are taken to run alike. */
const TRUSTED_US = 1_000;

/**
 * The two clocks of a component, read together, in microseconds: reading a clock costs as much as the rest of an update that the throttle
 * drops. The wall clock itself is looked at every millisecond, between which it goes as the steady one does.
 */
export class BrokerClock {
  /** Never steps: the throttle must not stall or burst when the wall clock is set. Zero is the start of the process. */
  steadyUs = 0;
  /** Since 1970, UTC. */
  wallUs = 0;
  private offsetUs = 0;
  private lookedAtUs = -Infinity;
  private readonly lookUs: () => number;

  /** @param lookUs the wall clock */
  constructor(lookUs: () => number = wallClockUs) {
    this.lookUs = lookUs;
    this.read();
  }

  read(): this {
    this.steadyUs = Math.floor(performance.now() * 1000);
    if (this.steadyUs - this.lookedAtUs > TRUSTED_US) {
      this.lookedAtUs = this.steadyUs;
      this.offsetUs = this.lookUs() - this.steadyUs;
    }
    this.wallUs = this.steadyUs + this.offsetUs;
    return this;
  }

  /** A time of the steady clock as one of the wall clock, as this goes now. */
  wallUsOf(steadyUs: number): number {
    return steadyUs + this.offsetUs;
  }
}
