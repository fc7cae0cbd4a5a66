import { expect, test } from 'vitest';
import type { SamplingRule } from '@katbus/protocol';
import { Publication } from '../../../src/delivery/publication.ts';
import { SampledSensor } from '../../../src/delivery/strategies/sampled-sensor.ts';
import type { StrategyGroup } from '../../../src/delivery/strategies/strategy-group.ts';
import type { Subscription } from '../../../src/delivery/subscription.ts';

const rule: SamplingRule = {
  archiveIntervalUs: 0,
  normalIntervalUs: 0,
  longestSilenceUs: 0,
  deadBand: 0,
};
const group = { rule, give: () => undefined } as unknown as StrategyGroup;
const subscription = {} as Subscription;

function sample(timeUs: number, storedUs?: number): Publication {
  const json = JSON.stringify({
    name: 'wx_a',
    time: timeUs / 1e6,
    value_ts: 0,
    status: 'nominal',
    value: timeUs,
  });
  const publication = new Publication('sample', 'sensor.archive.wx.a', 'wx.a', json, timeUs);
  publication.storedUs = storedUs;
  return publication;
}

test('a live sample that is older than the one that a snapshot has shown takes nobody back', () => {
  const sensor = new SampledSensor(group, sample(10_000_000, 10_000_100), 20_000_000, false);
  sensor.take(20_000_010, sample(9_900_000));
  expect(sensor.newest.timeUs).toBe(10_000_000);
  expect(sensor.isGivenTo(subscription)).toBe(false);
  sensor.take(20_000_020, sample(10_100_000));
  expect(sensor.newest.timeUs).toBe(10_100_000);
  expect(sensor.isGivenTo(subscription)).toBe(true);
});

test('a live sample of a clock that was set back is the newest', () => {
  const sensor = new SampledSensor(group, sample(10_000_000, 10_000_100), 20_000_000, false);
  sensor.take(20_000_010, sample(5_000_000));
  expect(sensor.newest.timeUs).toBe(5_000_000);
  expect(sensor.isGivenTo(subscription)).toBe(true);
});

test('who has had a live sample has had the one that a snapshot showed before, and the other way round', () => {
  const [shown, live, session, other] = [sample(10_000_000), sample(10_000_000), {}, {}];
  const sensor = new SampledSensor(group, shown, 20_000_000, false);
  shown.noteRecipient(other);
  live.arrival = 7;
  sensor.take(20_000_010, live);
  live.noteRecipient(session);
  expect(shown.hasRecipient(session)).toBe(true);
  expect(live.hasRecipient(other)).toBe(true);
  expect(shown.arrival).toBe(7);
});
