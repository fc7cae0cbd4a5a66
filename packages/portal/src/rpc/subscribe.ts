import {
  natsPattern,
  StrategyError,
  strategyRule,
  type Pattern,
  type SamplingStrategy,
} from '@katbus/protocol';
import { kindOf } from '../delivery/read-message.ts';
import { isOfSensors, type Interest } from '../delivery/subscription.ts';
import type { PortalLimits } from '../limits.ts';
import { RequestError, requestError } from './errors.ts';
import type { MethodRun } from './methods.ts';

/** The snapshot and what is live follow the answer. */
export function subscribe(limits: PortalLimits): MethodRun<'subscribe'> {
  return async (params, { session, afterAnswer }) => {
    const { subjects, snapshot = true, strategy = { name: 'auto' }, mode = 'newest' } = params;
    if (subjects.length > limits.patterns) {
      const rule = `one subscribe may have ${limits.patterns} patterns`;
      throw new RequestError('invalidParams', rule, 'subjects');
    }
    const patterns = subjects.map((subject, place) => readPattern(subject, `subjects.${place}`));
    if (session.subscriptions.size >= limits.subscriptions) {
      throw new RequestError(
        'tooManySubscriptions',
        `a session may have ${limits.subscriptions} subscriptions`,
      );
    }
    const interest = { patterns, wantsSnapshot: snapshot, strategy: readStrategy(strategy, patterns), mode };
    const { id, count, cursor, start } = await session.subscribe(interest);
    afterAnswer(start);
    return { id, count, cursor };
  };
}

function readStrategy(strategy: SamplingStrategy, patterns: readonly Pattern[]): Interest['strategy'] {
  let rule: ReturnType<typeof strategyRule>;
  try {
    rule = strategyRule(strategy);
  } catch (error) {
    if (!(error instanceof StrategyError)) throw error;
    throw new RequestError('invalidParams', error.message, `strategy.${error.field}`);
  }
  if (rule === 'auto') return rule;
  if (!patterns.some(({ source }) => isOfSensors(source))) {
    const fault = 'a strategy is for samples, and no pattern begins with sensor.';
    throw new RequestError('invalidParams', fault, 'strategy');
  }
  if (rule === 'none') return rule;
  const { archiveIntervalUs, longestSilenceUs, deadBand } = rule;
  return { name: `${archiveIntervalUs} ${longestSilenceUs} ${JSON.stringify(deadBand)}`, rule };
}

function readPattern(subject: string, field: string): Pattern {
  let pattern: Pattern;
  try {
    pattern = natsPattern(subject);
  } catch (error) {
    throw requestError(error, field);
  }
  // A wildcard in the first place would reach everything on the server.
  if (kindOf(subject) === undefined) {
    const rule = `"${subject}" must begin with sensor., attributes. or portal.`;
    throw new RequestError('subjectNotAllowed', rule, field);
  }
  return pattern;
}
