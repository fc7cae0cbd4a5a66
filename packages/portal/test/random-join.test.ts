import {
  natsPattern,
  type Pattern,
  type SampleNotification,
  type SensorAddedNotification,
} from '@katbus/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import { lateStreams } from './support/late-streams.ts';
import type { TestClient } from './support/test-client.ts';
import { TestPortal } from './support/test-portal.ts';

/** One published sample; its value is its number among those of its sensor. */
interface Published {
  readonly subject: string;
  readonly number: number;
}

/** What a client saw of one of its subscriptions. */
interface Seen {
  readonly patterns: readonly Pattern[];
  readonly wantsSnapshot: boolean;
  readonly id: number;
  readonly count: number;
  readonly fromPlace: number;
  toPlace: number;
}

const SENSORS = ['a', 'b', 'c', 'd', 'e', 'f'];
const PATTERNS = [
  'sensor.>',
  'sensor.*.wx.*',
  'sensor.archive.>',
  'sensor.normal.wx.*',
  'sensor.archive.wx.a',
  'sensor.normal.wx.a',
  'sensor.*.wx.b',
  'sensor.*.*.c',
  'sensor.archive.*.d',
];

/** Numbers in [0, 1) that are the same in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

// Streams store what is published later than core NATS delivers it: here by microseconds, or by up to so many milliseconds.
describe.each([0, 150])(
  'a subscription under random publishing, subscribing and unsubscribing, streams %i ms late',
  (latestMs) => {
    let portal: TestPortal;
    let endLateness = () => undefined as void;
    beforeAll(async () => {
      // A short settling time lets the test see what comes after it, too.
      portal = await TestPortal.start({ hasStreams: latestMs === 0, limits: { settleMs: 200 } });
      if (latestMs > 0) endLateness = await lateStreams(portal.bus, latestMs, randomNumbers(9));
    });
    afterAll(async () => {
      endLateness();
      await portal.stop();
    });

    test.each([1, 2, 3])('has no hole and no double (seed %i)', async (seed) => {
      const random = randomNumbers(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
      const published: Published[] = [];
      const numbers = new Map<string, number>();
      let isPublishing = true;

      async function publishAll(): Promise<void> {
        const underWay = new Set<Promise<unknown>>();
        while (isPublishing) {
          const sensor = `${pick(SENSORS)}${seed}`;
          const rate = random() < 0.4 ? 'archive' : 'normal';
          const number = (numbers.get(sensor) ?? 0) + 1;
          numbers.set(sensor, number);
          published.push({ subject: `sensor.${rate}.wx.${sensor}`, number });
          const acknowledged = portal
            .store(sensor, number, { rate })
            .finally(() => underWay.delete(acknowledged));
          underWay.add(acknowledged);
          if (underWay.size >= 20) await Promise.race(underWay);
        }
        await Promise.all(underWay);
      }

      async function comeAndGo(client: TestClient): Promise<Seen[]> {
        const all: Seen[] = [];
        const current: Seen[] = [];
        for (let i = 0; i < 60 || published.length < 600; i += 1) {
          if (current.length > 0 && random() < 0.45) {
            const [seen] = current.splice(Math.floor(random() * current.length), 1);
            if (seen === undefined) continue;
            seen.toPlace = (await client.requestWithPlace('unsubscribe', { id: seen.id })).place;
          } else {
            const subjects = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
              withSeed(pick(PATTERNS), seed),
            );
            const snapshot = random() < 0.8;
            const { result, place } = await client.requestWithPlace('subscribe', { subjects, snapshot });
            const { id, count } = result;
            const patterns = subjects.map(natsPattern);
            const seen = {
              patterns,
              wantsSnapshot: snapshot,
              id,
              count,
              fromPlace: place,
              toPlace: Infinity,
            };
            current.push(seen);
            all.push(seen);
          }
          if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, random() * 30));
        }
        return all;
      }

      const publishing = publishAll();
      const clients = await Promise.all([portal.client(), portal.client(), portal.client(), portal.client()]);
      const seen = await Promise.all(clients.map(comeAndGo));
      isPublishing = false;
      await publishing;
      // What is published has been delivered when a last sample, behind all others, has come.
      for (const client of clients) {
        await client.request('subscribe', { subjects: [`sensor.archive.wx.last${seed}`], snapshot: false });
      }
      await portal.store(`last${seed}`, 0);
      for (const client of clients) {
        await waitFor(() => client.of('sample').some(({ sample }) => sample.name === `wx_last${seed}`), {
          what: 'the last sample',
        });
      }

      expect(published.length).toBeGreaterThanOrEqual(600);
      for (const [place, client] of clients.entries()) {
        checkNoDoubles(client);
        const all = seen[place] ?? [];
        for (const subscription of all) checkNoHoles(client, subscription, all, published);
      }
      for (const client of clients) await client.close();
    });
  },
);

/** Sensors of another seed are other sensors, and left alone. */
function withSeed(pattern: string, seed: number): string {
  return pattern.replace(/\.([a-f])$/, `.$1${seed}`);
}

function identityOf({ subject, sample }: SampleNotification): string {
  return `${subject.split('.').slice(2).join('.')} ${sample.time}`;
}

function checkNoDoubles(client: TestClient): void {
  const live = new Set<string>();
  const known = new Set<string>();
  for (const notification of client.notifications) {
    if (notification.method === 'snapshot') {
      for (const { subject } of notification.params.samples) known.add(sensorOf(subject));
    } else if (notification.method === 'sample') {
      const identity = identityOf(notification.params);
      expect(live.has(identity), `${identity} came twice`).toBe(false);
      expect(notification.params.skipped).toBeUndefined();
      live.add(identity);
      known.add(sensorOf(notification.params.subject));
    } else {
      expect(notification.method).toBe('sensorAdded');
      const { sensor } = notification.params as SensorAddedNotification;
      expect(known.has(sensor), `${sensor} was known before`).toBe(false);
    }
  }
}

function checkNoHoles(
  client: TestClient,
  seen: Seen,
  all: readonly Seen[],
  published: readonly Published[],
): void {
  const isOwed = (subject: string, place: number) =>
    all.some(
      (other) =>
        other !== seen &&
        other.fromPlace < place &&
        place < other.toPlace &&
        other.patterns.some((pattern) => pattern.matches(subject)),
    );
  const matches = (subject: string) => seen.patterns.some((pattern) => pattern.matches(subject));
  const entries = new Map<string, number>();
  const live = new Map<string, number[]>();
  let shown = 0;
  for (const notification of client.notifications) {
    const { method, place } = notification;
    if (place < seen.fromPlace) continue;
    if (place > seen.toPlace) break;
    if (method === 'snapshot' && notification.params.id === seen.id) {
      expect(notification.params.incomplete).toBeUndefined();
      shown += notification.params.samples.length;
      for (const { subject, sample } of notification.params.samples) {
        expect(matches(subject)).toBe(true);
        entries.set(sensorOf(subject), sample.value as number);
      }
    }
    if (
      method === 'sample' &&
      matches(notification.params.subject) &&
      !notification.params.sample.name.startsWith('wx_last')
    ) {
      const { subject, sample } = notification.params;
      const sensor = sensorOf(subject);
      // What was under way when the snapshot was read may come for another subscription's sake.
      if ((sample.value as number) <= (entries.get(sensor) ?? 0) && isOwed(subject, place)) continue;
      live.set(sensor, [...(live.get(sensor) ?? []), sample.value as number]);
    }
  }
  expect(shown).toBe(seen.count);
  const expected = Map.groupBy(
    published.filter(({ subject }) => matches(subject)),
    ({ subject }) => sensorOf(subject),
  );
  for (const [sensor, numbers] of live) {
    const every = (expected.get(sensor) ?? []).map(({ number }) => number);
    const first = numbers[0] ?? NaN;
    const begin = every.indexOf(first);
    const what = `subscription ${seen.id} to ${seen.patterns.map(({ source }) => source).join(' ')}, ${sensor}`;
    if (seen.wantsSnapshot) {
      // The first live sample is the one after the snapshot's.
      expect([what, entries.get(sensor)]).toEqual([what, every[begin - 1]]);
    }
    expect([what, ...numbers]).toEqual([what, ...every.slice(begin, begin + numbers.length)]);
    if (seen.toPlace === Infinity) expect([what, numbers.at(-1)]).toEqual([what, every.at(-1)]);
  }
  if (!seen.wantsSnapshot || seen.toPlace !== Infinity) return;
  for (const [sensor, every] of expected) {
    expect(live.get(sensor)?.at(-1) ?? entries.get(sensor), sensor).toBe(every.at(-1)?.number);
  }
}

function sensorOf(subject: string): string {
  return subject.split('.').at(-1) ?? '';
}
