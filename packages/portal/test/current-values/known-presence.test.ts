import { expect, onTestFinished, test } from 'vitest';
import type { BusConnection } from '@katbus/bus/nats';
import { KnownPresence, MOST_KNOWN_COMPONENTS } from '../../src/current-values/known-presence.ts';

test('presence of endless components fills no memory, and is told of', () => {
  let hear: (message: { data: Uint8Array }) => void = () => undefined;
  const connection = {
    subscribe: (_subject: string, listener: typeof hear) => {
      hear = listener;
      return () => undefined;
    },
    onStatus: () => () => undefined,
  } as unknown as BusConnection;
  const faults: string[] = [];
  const presence = new KnownPresence(connection, (reason) => faults.push(reason));
  onTestFinished(() => presence.close());
  const tell = (component: string, state: string) =>
    hear({ data: Buffer.from(JSON.stringify({ component, state, since: 1, instances: [] })) });
  for (let place = 0; place < MOST_KNOWN_COMPONENTS; place += 1) tell(`c${place}`, 'present');
  expect(faults).toEqual([]);
  tell('one_more', 'absent');
  expect(presence.isGone('one_more')).toBe(false);
  expect(faults).toHaveLength(1);
  // Of those that are known everything is still heard.
  tell('c7', 'absent');
  expect(presence.isGone('c7')).toBe(true);
});
