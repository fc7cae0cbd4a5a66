import { wallClockUs } from '@katbus/protocol';

/** When the system's clock is set back by more than this, samples follow it; below, they wait for it to catch up. */
const STEP_BACK_US = 1_000_000;

/**
 * Makes the `time` of samples: the wall clock, but per sensor always later than the sample before, because `time` is a
 * sample's identity. A clock set back by more than a second is followed and counted: stamps that stay ahead of the clock for
 * hours would be worse.
 */
export class SampleClock {
  setBackCount = 0;
  private readonly nowUs: () => number;

  constructor(nowUs: () => number = wallClockUs) {
    this.nowUs = nowUs;
  }

  /** @param lastUs `time` of the sensor's sample before, microseconds since 1970; 0: none */
  next(lastUs: number): number {
    const nowUs = this.nowUs();
    if (nowUs > lastUs) return nowUs;
    if (lastUs - nowUs <= STEP_BACK_US) return lastUs + 1;
    this.setBackCount += 1;
    return nowUs;
  }
}
