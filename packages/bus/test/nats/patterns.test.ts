import fc from 'fast-check';
import { expect, it } from 'vitest';
import { natsPattern } from '@katbus/protocol';
import { BusConnection } from '@katbus/bus/nats';
import { startTestServer } from './test-server.ts';

const tokens = fc.constantFrom('a', 'b', 'ab', 'A', '0', 'a_b', 'a-b', 'ä');
const subjects = fc.array(tokens, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
/** Each token of a subject stays or becomes a wildcard, and the end may be cut off for `>`: so that many do match. */
const patterns = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: tokens }, { weight: 2, arbitrary: fc.constant('*') }), {
      minLength: 1,
      maxLength: 5,
    }),
    fc.boolean(),
  )
  .map(([parts, open]) => [...parts, ...(open ? ['>'] : [])].join('.'));

it('patterns match as a real nats-server does, whatever they are', async () => {
  await using server = await startTestServer();
  const connection = await BusConnection.connect({ servers: server.url, name: 'patterns' });
  try {
    const checked = [...new Set([...fc.sample(patterns, 400), '>', '*', '*.>', '*.*'])];
    const published = [...new Set(fc.sample(subjects, 400))];
    const received = new Map<string, string[]>(checked.map((pattern) => [pattern, []]));
    for (const pattern of checked) {
      // Below a root of our own, so that the inbox and the server's own subjects stay out.
      connection.subscribe(`t.${pattern}`, ({ subject }) => received.get(pattern)?.push(subject.slice(2)));
    }
    for (const subject of published) connection.publish(`t.${subject}`, '');
    await connection.flush();
    let matches = 0;
    for (const pattern of checked) {
      const compiled = natsPattern(pattern);
      const ours = published.filter((subject) => compiled.matches(subject));
      matches += ours.length;
      expect([pattern, received.get(pattern)]).toEqual([pattern, ours]);
    }
    expect(matches).toBeGreaterThan(1_000);
  } finally {
    await connection.close();
  }
});
