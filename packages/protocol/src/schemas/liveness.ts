import { CLAIM_STATES } from '../claim.ts';
import { PRESENCE_STATES } from '../presence.ts';
import { count, name, object, openObject, seconds } from './parts.ts';

/** JSON Schemas of what tells who is on the bus: heartbeats, claims of a name, presence. */

const intervalSeconds = { type: 'number', exclusiveMinimum: 0, maximum: 86_400 } as const;
const pid = { type: 'integer', minimum: 0 } as const;

const party = { component: name, instance: name, host: name, pid, since: seconds };
const partyFields = ['component', 'instance', 'host', 'pid', 'since'] as const;

const componentInstance = openObject(
  { instance: name, host: name, pid, since: seconds, version: name, lastHeartbeat: seconds },
  ['lastHeartbeat'],
);

const componentPresence = openObject(
  {
    component: name,
    state: { enum: PRESENCE_STATES },
    since: seconds,
    lastHeartbeat: seconds,
    intervalSeconds,
    sensors: count,
    instances: { type: 'array', items: componentInstance },
  },
  ['component', 'state', 'since', 'instances'],
);

export const LIVENESS_SCHEMAS = {
  /** Open: a component of a later version may tell more. */
  heartbeat: openObject(
    {
      ...party,
      time: seconds,
      intervalSeconds,
      sensors: count,
      version: name,
      clockEpoch: seconds,
      leaving: { type: 'boolean' },
    },
    ['component', 'time'],
  ),
  claimRequest: openObject({ ...party, takeover: { type: 'boolean' } }, partyFields),
  claimAnswer: openObject({ ...party, takeover: { type: 'boolean' }, state: { enum: CLAIM_STATES } }, [
    ...partyFields,
    'state',
  ]),
  componentPresence,
  presenceList: openObject({ components: { type: 'array', items: componentPresence } }, ['components']),
  forgetRequest: object({ component: name }, ['component']),
} as const;
