import type { TimeMessage } from '@katbus/protocol';
import { setText } from './element.ts';
import type { PortalClock } from './portal-clock.ts';
import { hoursText, timeOfDayText } from './time-text.ts';

/** Sidereal seconds in a second of UTC. */
const SIDEREAL_RATE = 1.00273791;

/** A message of the clock service that is older than this is not carried on. */
const LONGEST_CARRY_SECONDS = 60;

/** UTC by the portal's clock, and local sidereal time where the clock service runs. */
export class SiteClock {
  readonly #utc: HTMLElement;
  readonly #lst: HTMLElement;
  readonly #clock: PortalClock;
  #newest: Pick<TimeMessage, 'time' | 'lst'> | undefined;

  constructor(utc: HTMLElement, lst: HTMLElement, clock: PortalClock) {
    this.#utc = utc;
    this.#lst = lst;
    this.#clock = clock;
  }

  /** @param message as it came on `portal.time` */
  learn(message: unknown): void {
    const { time, lst } = (message ?? {}) as Partial<TimeMessage>;
    if (typeof time === 'number' && typeof lst === 'number') this.#newest = { time, lst };
  }

  paint(): void {
    const now = this.#clock.now();
    setText(this.#utc, timeOfDayText(now));
    const passed = this.#newest === undefined ? Number.POSITIVE_INFINITY : now - this.#newest.time;
    const isFresh = passed < LONGEST_CARRY_SECONDS;
    this.#lst.parentElement!.hidden = !isFresh;
    if (isFresh) setText(this.#lst, hoursText(this.#newest!.lst + (passed * SIDEREAL_RATE) / 3_600));
  }
}
