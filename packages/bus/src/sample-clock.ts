import { CLOCK_STEP_BACK_US, toSeconds, wallClockUs } from '@katbus/protocol';

/** What is known of the time that the samples of a component had before it was started this time. */
export interface ClockPast {
  /** The clock epoch that was announced last; undefined: none was. */
  readonly epoch: number | undefined;
  /** `time` of its last sample, microseconds since 1970; undefined: there is none. */
  readonly lastUs: number | undefined;
}

/**
 * Makes the `time` of samples: the wall clock, but per sensor always later than the sample before, because `time` is a sample's identity.
 *
 * A clock set back by more than a second is followed, and a new clock epoch begins: stamps that stay ahead of the clock for hours would be
 * worse. Times compare within an epoch only, so it must be announced before the first sample that is made in it.
 */
export class SampleClock {
  setBackCount = 0;
  /** When the present epoch began, Unix seconds by the clock that was set back then: its name. Undefined: the clock was never set back. */
  epoch: number | undefined;
  /** Called when an epoch begins, before the time of its first sample is used. @param byUs how far the clock was set back */
  onSetBack: (byUs: number) => void = () => undefined;
  private readonly nowUs: () => number;
  /** The latest that the clock has been in this epoch. */
  private highUs = 0;
  /** The last `time` of the process before this one: not to be passed backwards while the clock is but little behind it. */
  private pastUs = 0;

  constructor(nowUs: () => number = wallClockUs) {
    this.nowUs = nowUs;
  }

  /** Goes on where a process of the same component stopped. The clock may have been set back meanwhile. */
  resume({ epoch, lastUs = 0 }: ClockPast): void {
    this.epoch = epoch;
    this.pastUs = lastUs;
    this.highUs = lastUs;
    this.look(this.nowUs());
  }

  /** @param lastUs `time` of the sensor's sample before, microseconds since 1970; 0: none */
  next(lastUs: number): number {
    const nowUs = this.nowUs();
    if (nowUs > this.highUs) this.highUs = nowUs;
    else this.look(nowUs);
    const floorUs = lastUs > this.pastUs ? lastUs : this.pastUs;
    // Further ahead than a second is a sample of an epoch before this one.
    return nowUs > floorUs || floorUs - nowUs > CLOCK_STEP_BACK_US ? nowUs : floorUs + 1;
  }

  private look(nowUs: number): void {
    const byUs = this.highUs - nowUs;
    if (byUs <= CLOCK_STEP_BACK_US) return;
    this.setBackCount += 1;
    const epoch = toSeconds(nowUs);
    // Set back twice to the same microsecond: two epochs all the same.
    this.epoch = epoch === this.epoch ? toSeconds(nowUs + 1) : epoch;
    this.highUs = nowUs;
    this.pastUs = 0;
    this.onSetBack(byUs);
  }
}
