import type { Weather } from './weather.ts';

/** m/s: beyond either the whole array stows. */
export const STOW_MEAN_WIND = 14;
export const STOW_GUST = 20;
/** m/s: below both for a while it goes back to work. */
const RELEASE_MEAN_WIND = 11;
const RELEASE_GUST = 16;
const CALM_SECONDS = 120;

/** Whether the wind allows to observe; has a memory, so that the array does not go up and down with each gust. */
export class WindStow {
  isActive = false;
  private calmSince: number | undefined;

  /** @param now Unix seconds */
  step(now: number, { meanWindSpeed, gustSpeed }: Pick<Weather, 'meanWindSpeed' | 'gustSpeed'>): void {
    if (meanWindSpeed > STOW_MEAN_WIND || gustSpeed > STOW_GUST) {
      this.isActive = true;
      this.calmSince = undefined;
    } else if (meanWindSpeed < RELEASE_MEAN_WIND && gustSpeed < RELEASE_GUST) {
      this.calmSince ??= now;
      if (now - this.calmSince >= CALM_SECONDS) this.isActive = false;
    } else {
      this.calmSince = undefined;
    }
  }
}
