/**
 * The portal's clock, as far as it can be told from here: ages and ranges must not depend on how well a laptop's clock is set.
 */
export class PortalClock {
  #aheadSeconds = 0;

  /** Unix seconds. */
  now(): number {
    return Date.now() / 1_000 + this.#aheadSeconds;
  }

  /**
   * @param portalSeconds what the portal said
   * @param askedSeconds when it was asked, by this machine's clock
   * @param answeredSeconds when its answer came
   */
  learn(portalSeconds: number, askedSeconds: number, answeredSeconds: number): void {
    this.#aheadSeconds = portalSeconds - (askedSeconds + answeredSeconds) / 2;
  }
}
