import type { SamplingRule } from '@katbus/protocol';
import type { Publication } from '../publication.ts';
import type { Subscription } from '../subscription.ts';
import type { SampledSensor } from './sampled-sensor.ts';
import type { Due } from './strategy-run.ts';
import type { Strategies } from './strategies.ts';

/** Which of a sensor's two subjects a subscription matches: a strategy on the archive rate alone sees fewer samples, and gives others. */
export type SampledRates = 'archive' | 'normal' | 'both';

/** All subscriptions that ask for one strategy on the same rates, and the state of each sensor that they have. */
export class StrategyGroup {
  readonly name: string;
  readonly rule: SamplingRule;
  readonly rates: SampledRates;
  readonly sensors = new Map<string, SampledSensor>();
  readonly members = new Set<Subscription>();
  readonly #strategies: Strategies;

  constructor(name: string, rule: SamplingRule, rates: SampledRates, strategies: Strategies) {
    this.name = name;
    this.rule = rule;
    this.rates = rates;
    this.#strategies = strategies;
  }

  /**
   * Gives a sample because its time has come.
   * @param isSilent whether the longest time without a sample is over, so that who has had this one gets it again
   * @param dueOf what it is to a subscription; undefined: nothing
   */
  give(
    publication: Publication,
    isSilent: boolean,
    dueOf: (subscription: Subscription) => Due | undefined,
  ): void {
    this.#strategies.give(this, publication, isSilent, dueOf);
  }
}
