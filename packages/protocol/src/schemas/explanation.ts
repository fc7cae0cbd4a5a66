import { count, name, object, seconds } from './parts.ts';

const value = { type: ['number', 'string', 'boolean', 'null', 'array'] } as const;
const update = { value, status: name, value_ts: seconds } as const;
const settings = [
  ['archiveIntervalSeconds', { type: 'number', minimum: 0 }],
  ['normalIntervalSeconds', { type: 'number', minimum: 0 }],
  ['longestSilenceSeconds', { type: 'number', minimum: 0 }],
  ['deadBand', { type: ['number', 'object', 'null'] }],
] as const;
const counts = ['updates', 'archive', 'normal', 'repeated', 'held', 'unchanged', 'superseded', 'statusStorm'];

/** A request on `rpc.explain.<component>` and its answer. */
export const EXPLANATION_SCHEMAS = {
  explanationRequest: object(
    { sensor: name, recordSeconds: { type: 'number', minimum: 0, maximum: 60 }, after: count },
    ['sensor'],
  ),
  explanation: object(
    {
      component: name,
      sensor: name,
      katcpName: name,
      policy: object({ rule: { type: 'integer', minimum: 1 }, match: name, comment: { type: 'string' } }, [
        'rule',
        'match',
      ]),
      policies: object({ revision: count, rules: count, refused: count, refusal: { type: 'string' } }, [
        'rules',
        'refused',
      ]),
      settings: object(
        Object.fromEntries(
          settings.map(([field, schema]) => [
            field,
            object({ value: schema, from: { enum: ['policy', 'code', 'default'] } }, ['value', 'from']),
          ]),
        ),
        settings.map(([field]) => field),
      ),
      sent: object({ ...update, time: seconds }, ['value', 'status', 'value_ts', 'time']),
      archived: object({ value, time: seconds }, ['value', 'time']),
      held: object({ ...update, until: seconds }, ['value', 'status', 'value_ts', 'until']),
      nextTime: seconds,
      counts: object(Object.fromEntries(counts.map((field) => [field, count])), counts),
      decisions: {
        type: 'array',
        items: object(
          {
            number: count,
            time: seconds,
            update: object(update, ['value', 'status', 'value_ts']),
            verdict: { enum: ['archive', 'normal', 'held', 'dropped'] },
            reason: name,
          },
          ['number', 'time', 'update', 'verdict', 'reason'],
        ),
      },
    },
    ['component', 'sensor', 'katcpName', 'policies', 'settings', 'counts'],
  ),
} as const;
