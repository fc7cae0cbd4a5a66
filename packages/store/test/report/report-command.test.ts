import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { wallClockUs } from '@katbus/protocol';
import { spanText } from '../../src/report/report-text.ts';
import {
  everythingStored,
  publishSample,
  publishStored,
  testConnection,
  testNats,
  testStore,
} from '../store-fixture.ts';

test('katbus report tells of the archive, its sensors and its days', { timeout: 120_000 }, async () => {
  const nats = await testNats();
  const connection = await testConnection(nats);
  await testStore(nats, {});
  await publishStored(connection, 'attributes.wx', JSON.stringify({ name: 'wx_rain', type: 'boolean' }));
  for (const agoUs of [7_200e6, 7_100e6, 7_150e6])
    await publishSample(connection, { timeUs: wallClockUs() - agoUs });
  await everythingStored(connection);
  const main = new URL('../../../cli/src/main.ts', import.meta.url).pathname;
  const katbus = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      main,
      'report',
      ...words,
      '--nats',
      nats.url,
    ]);
    return stdout;
  };
  const whole = await katbus();
  expect(whole).toMatch(/^sensors +2$/m);
  expect(whole).toMatch(/^never-seen +1 +announced/m);
  expect(whole).toMatch(/^silent +1 +no sample for more than 1h 5m$/m);
  expect(whole).toContain('nothing was dropped since');
  expect(await katbus('--silent', '3h')).toMatch(/^silent +0 +no sample for more than 3h$/m);
  const silent = await katbus('sensors', '--finding', 'silent');
  expect(silent).toMatch(/^wx\.wind_speed .* 33\.3 % +silent out-of-order$/m);
  expect(silent).not.toContain('rain');
  const lines = (await katbus('sensors', '--order', 'silent', '--json')).trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { sensor: string }).sensor)).toEqual([
    'rain',
    'wind_speed',
  ]);
  expect(await katbus('days', '--limit', '1')).toMatch(/^\d{4}-\d\d-\d\d +\d +\d/m);
  await expect(katbus('sensors', '--finding', 'lost')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('never-seen') as string,
  });
  await expect(katbus('--silent', 'long')).rejects.toMatchObject({ code: 2 });
});

describe('a span of time', () => {
  test.each([
    [0, '0s'],
    [35.4, '35s'],
    [3_900, '1h 5m'],
    [86_400 + 3_599, '1d'],
    [90_000, '1d 1h'],
    [86_405, '1d'],
  ])('of %d s is "%s"', (seconds, text) => {
    expect(spanText(seconds)).toBe(text);
  });
});
