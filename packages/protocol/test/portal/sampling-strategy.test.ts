import { describe, expect, it } from 'vitest';
import { STRATEGY_PARAMETERS, StrategyError, strategyRule, type SamplingStrategy } from '@katbus/protocol';
import { SCHEMAS, validate } from '@katbus/protocol/schemas';

const EXAMPLES: readonly SamplingStrategy[] = [
  { name: 'none' },
  { name: 'auto' },
  { name: 'event' },
  { name: 'period', periodSeconds: 0.4 },
  { name: 'event-rate', minSeconds: 1, maxSeconds: 10 },
  { name: 'differential', difference: 0.5 },
  { name: 'differential-rate', difference: 0.5, minSeconds: 0, maxSeconds: 0 },
];
const subscribe = (strategy: unknown) => validate('subscribeParams', { subjects: ['sensor.>'], strategy });
const faultOf = (strategy: unknown): string | undefined => {
  try {
    strategyRule(strategy as SamplingStrategy);
  } catch (error) {
    if (error instanceof StrategyError) return error.field;
    throw error;
  }
  return undefined;
};

describe('a sampling strategy', () => {
  it('is one of seven, each with its own parameters, for the schema as for the rule', () => {
    expect(EXAMPLES.map(({ name }) => name)).toEqual(Object.keys(STRATEGY_PARAMETERS));
    expect(SCHEMAS.subscribeParams).toBeDefined();
    for (const strategy of EXAMPLES) {
      expect(faultOf(strategy)).toBeUndefined();
      subscribe(strategy);
      for (const parameter of STRATEGY_PARAMETERS[strategy.name]) {
        const rest = Object.fromEntries(Object.entries(strategy).filter(([name]) => name !== parameter));
        expect(faultOf(rest)).toBe(parameter);
        expect(() => subscribe(rest)).toThrow(`strategy.${parameter}`);
        for (const wrong of [-1, NaN, Infinity, '1', null])
          expect(faultOf({ ...strategy, [parameter]: wrong })).toBe(parameter);
      }
      expect(() => subscribe({ ...strategy, other: 1 })).toThrow('strategy.other');
    }
    expect(faultOf({ name: 'toString' })).toBe('name');
  });

  it('has a longest time that is none, or not below the shortest', () => {
    expect(faultOf({ name: 'event-rate', minSeconds: 2, maxSeconds: 1 })).toBe('maxSeconds');
    expect(faultOf({ name: 'event-rate', minSeconds: 0, maxSeconds: 0.001 })).toBe('maxSeconds');
    expect(faultOf({ name: 'event-rate', minSeconds: 2, maxSeconds: 0 })).toBeUndefined();
  });

  it('is a rule of the sampling machine with one interval and no fill-ins', () => {
    expect(strategyRule({ name: 'auto' })).toBe('auto');
    expect(strategyRule({ name: 'period', periodSeconds: 0.4 })).toEqual({
      archiveIntervalUs: 400_000,
      normalIntervalUs: 0,
      longestSilenceUs: 400_000,
      deadBand: null,
    });
    expect(strategyRule({ name: 'differential-rate', difference: 2, minSeconds: 1, maxSeconds: 60 })).toEqual(
      {
        archiveIntervalUs: 1_000_000,
        normalIntervalUs: 0,
        longestSilenceUs: 60_000_000,
        deadBand: 2,
      },
    );
  });
});
