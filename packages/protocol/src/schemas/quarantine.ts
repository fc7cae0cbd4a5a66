import { QUARANTINE_PAGE, QUARANTINE_REASONS } from '../store/quarantine.ts';
import { count, cursor, name, object, openObject, seconds } from './parts.ts';

const ids = { type: 'array', minItems: 1, maxItems: QUARANTINE_PAGE.mostMessages, items: count } as const;
const selection = {
  ids,
  // Of a request: one that there is not would give an empty answer, as if all were well.
  reason: { enum: QUARANTINE_REASONS },
  since: seconds,
  all: { type: 'boolean' },
  limit: { type: 'integer', minimum: 1, maximum: QUARANTINE_PAGE.mostMessages },
  after: cursor,
} as const;
const anyText = { type: 'string' } as const;

export const gaps = {
  type: 'array',
  items: openObject(
    {
      fromSequence: count,
      toSequence: count,
      messages: count,
      from: seconds,
      to: seconds,
      reason: anyText,
    },
    ['fromSequence', 'toSequence', 'messages', 'from', 'to', 'reason'],
  ),
} as const;

/** The store's quarantine and gaps. */
export const QUARANTINE_SCHEMAS = {
  quarantineRequest: object({ ...selection, payload: { type: 'boolean' } }),
  quarantineSelection: object(selection),
  quarantinePage: openObject(
    {
      messages: {
        type: 'array',
        items: openObject(
          {
            id: count,
            sequence: count,
            received: seconds,
            subject: anyText,
            reason: name,
            field: anyText,
            text: anyText,
            bytes: count,
            payload: anyText,
            payloadBase64: anyText,
          },
          ['id', 'sequence', 'received', 'subject', 'reason', 'field', 'text', 'bytes'],
        ),
      },
      total: count,
      next: cursor,
    },
    ['messages', 'total'],
  ),
  quarantineRetryAnswer: openObject(
    {
      stored: count,
      refused: {
        type: 'array',
        items: openObject({ id: count, reason: name, text: anyText }, ['id', 'reason', 'text']),
      },
      next: cursor,
    },
    ['stored', 'refused'],
  ),
  quarantineDropAnswer: openObject({ dropped: count, next: cursor }, ['dropped']),
  gapsRequest: object({ start: seconds, end: seconds, after: cursor }),
  gapsPage: openObject({ gaps, next: cursor }, ['gaps']),
} as const;
