import type { SamplingRule } from '../sampling/sampling-rule.ts';

/**
 * KATCP's seven sampling strategies (KATCP guidelines 5.0, section 4.4.3): which samples of a sensor a subscription gets. PROTOCOL.md,
 * "Sampling strategies", says exactly what each of them means here. Times are seconds, a difference is in the sensor's units.
 */
export type SamplingStrategy =
  | { readonly name: 'none' | 'auto' | 'event' }
  | { readonly name: 'period'; readonly periodSeconds: number }
  | { readonly name: 'event-rate'; readonly minSeconds: number; readonly maxSeconds: number }
  | { readonly name: 'differential'; readonly difference: number }
  | {
      readonly name: 'differential-rate';
      readonly difference: number;
      readonly minSeconds: number;
      readonly maxSeconds: number;
    };
export type StrategyName = SamplingStrategy['name'];
export type StrategyParameter = 'periodSeconds' | 'minSeconds' | 'maxSeconds' | 'difference';

/** The parameters that each strategy needs, in KATCP's order; it takes no others. */
export const STRATEGY_PARAMETERS: Readonly<Record<StrategyName, readonly StrategyParameter[]>> = {
  none: [],
  auto: [],
  event: [],
  period: ['periodSeconds'],
  'event-rate': ['minSeconds', 'maxSeconds'],
  differential: ['difference'],
  'differential-rate': ['difference', 'minSeconds', 'maxSeconds'],
};

/** Bounds of the parameters. A longest time of 0 is none; any other one is at least this period. */
export const SHORTEST_PERIOD_SECONDS = 0.01;
export const LONGEST_PERIOD_SECONDS = 1e8;

export class StrategyError extends Error {
  readonly code = 'STRATEGY';
  /** `name` or the parameter at fault. */
  readonly field: string;

  constructor(field: string, rule: string) {
    super(`sampling strategy refused: ${field} ${rule}`);
    this.field = field;
    this.name = 'StrategyError';
  }
}

/**
 * What a strategy is to the sampling machine: one interval, no fill-ins. `auto` and `none` are none of its rules: they give every sample,
 * and no sample.
 * @throws {StrategyError} naming the field
 */
export function strategyRule(strategy: SamplingStrategy): SamplingRule | 'auto' | 'none' {
  checkStrategy(strategy);
  switch (strategy.name) {
    case 'none':
    case 'auto':
      return strategy.name;
    case 'event':
      return rule(0, 0, 0);
    case 'period':
      return rule(strategy.periodSeconds, strategy.periodSeconds, null);
    case 'event-rate':
      return rule(strategy.minSeconds, strategy.maxSeconds, 0);
    case 'differential':
      return rule(0, 0, strategy.difference);
    case 'differential-rate':
      return rule(strategy.minSeconds, strategy.maxSeconds, strategy.difference);
  }
}

function checkStrategy(strategy: SamplingStrategy): void {
  const parameters = Object.hasOwn(STRATEGY_PARAMETERS, strategy.name)
    ? STRATEGY_PARAMETERS[strategy.name]
    : undefined;
  if (parameters === undefined)
    throw new StrategyError('name', `must be one of ${Object.keys(STRATEGY_PARAMETERS).join(', ')}`);
  const values = strategy as unknown as Readonly<Record<string, unknown>>;
  for (const parameter of parameters) {
    const value = values[parameter];
    const least = parameter === 'periodSeconds' ? SHORTEST_PERIOD_SECONDS : 0;
    const most = parameter === 'difference' ? Number.MAX_VALUE : LONGEST_PERIOD_SECONDS;
    if (typeof value !== 'number' || !(value >= least && value <= most))
      throw new StrategyError(parameter, `must be a number from ${least} to ${most}`);
  }
  if (!('maxSeconds' in strategy)) return;
  const { minSeconds, maxSeconds } = strategy;
  const least = Math.max(minSeconds, SHORTEST_PERIOD_SECONDS);
  if (maxSeconds !== 0 && maxSeconds < least) {
    throw new StrategyError('maxSeconds', `must be 0, for no longest time, or at least ${least}`);
  }
}

function rule(intervalSeconds: number, longestSilenceSeconds: number, deadBand: number | null): SamplingRule {
  return {
    archiveIntervalUs: Math.round(intervalSeconds * 1e6),
    normalIntervalUs: 0,
    longestSilenceUs: Math.round(longestSilenceSeconds * 1e6),
    deadBand,
  };
}
