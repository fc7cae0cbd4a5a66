import { natsPattern, type Pattern } from '@katbus/protocol';
import { kindOf } from '../delivery/read-message.ts';
import type { PortalLimits } from '../limits.ts';
import { RequestError, requestError } from './errors.ts';
import type { MethodRun } from './methods.ts';

/** The snapshot and what is live follow the answer. */
export function subscribe(limits: PortalLimits): MethodRun<'subscribe'> {
  return async ({ subjects, snapshot }, { session, afterAnswer }) => {
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
    const { id, count, cursor, start } = await session.subscribe(patterns, snapshot ?? true);
    afterAnswer(start);
    return { id, count, cursor };
  };
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
