import { describe, expect, it } from 'vitest';
import { parseRequest, SCHEMAS, validate } from '@katbus/protocol/schemas';

describe('a request', () => {
  it.each([
    ['historyRequest', { component: 'wx', sensor: 'wind', start: 0, end: 1, limit: 0 }, 'limit'],
    ['historyRequest', { component: 'wx', sensor: 'wind', end: 1 }, 'start'],
    ['historyRequest', { component: 'wx', sensor: 'wind', start: 0, end: 1, colour: 'red' }, 'colour'],
    ['subscribeParams', { subjects: [] }, 'subjects'],
    ['subscribeParams', { subjects: ['sensor.>', 7] }, 'subjects.1'],
    ['unsubscribeParams', [], '(payload)'],
  ] as const)('of %s %j is refused naming %s', (schema, document, field) => {
    expect(() => validate(schema, document)).toThrow(expect.objectContaining({ field }));
  });

  it('without bytes is an empty one, because a bare `nats req` sends none', () => {
    expect(parseRequest('listingRequest', '')).toEqual({});
  });

  it('that is not JSON is refused', () => {
    expect(() => parseRequest('listingRequest', Buffer.from([0xff]))).toThrow(/not JSON/);
  });

  it('has a schema that compiles, whichever it is', () => {
    for (const schema of Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[]) {
      expect(() => validate(schema, Symbol('no document'))).toThrow(/must/);
    }
  });
});
