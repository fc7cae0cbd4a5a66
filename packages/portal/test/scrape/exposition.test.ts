import { LoopTurns } from '@katbus/bus/daemon';
import type { Attributes, Sample } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Publication } from '../../src/delivery/publication.ts';
import { exposition } from '../../src/scrape/exposition.ts';
import { parseExposition } from './parse-exposition.ts';

type Given = readonly [sensor: string, sample: Partial<Sample>, attributes?: Partial<Attributes>];

function watchOf(given: readonly Given[]) {
  const samples = new Map<string, Publication>();
  const attributes = new Map<string, Attributes>();
  for (const [sensor, sample, known] of given) {
    const whole = { name: `wx_${sensor}`, time: 2, value_ts: 1.5, status: 'nominal', value: 0, ...sample };
    const subject = `sensor.archive.wx.${sensor}`;
    samples.set(`wx.${sensor}`, new Publication('sample', subject, `wx.${sensor}`, JSON.stringify(whole)));
    if (known !== undefined) attributes.set(`wx.${sensor}`, { name: `wx_${sensor}`, ...known });
  }
  return { samples, attributes, incomplete: undefined };
}

/** What is written of one sensor, read by the parser: family, labels without the address, value. */
async function written(...given: Given) {
  const families = parseExposition((await exposition(watchOf([given]))).join(''));
  const lines = [...families].flatMap(([family, { samples }]) =>
    samples.map(({ labels: { component, sensor, ...labels }, value }) => ({
      family,
      component,
      sensor,
      labels,
      value,
    })),
  );
  return lines.filter(({ component, sensor }) => component === 'wx' && sensor === given[0]);
}

const valueOf = async (...given: Given) =>
  (await written(...given)).find(({ family }) => family === 'katbus_sensor_value')?.value;

describe("Prometheus' text format", () => {
  test('has value, status and time of a number', async () => {
    expect(await written('wind', { value: 7.25, status: 'warn' }, { type: 'float', units: 'm/s' })).toEqual([
      {
        family: 'katbus_sensor_value',
        component: 'wx',
        sensor: 'wind',
        labels: { units: 'm/s' },
        value: 7.25,
      },
      { family: 'katbus_sensor_status', component: 'wx', sensor: 'wind', labels: {}, value: 3 },
      { family: 'katbus_sensor_timestamp_seconds', component: 'wx', sensor: 'wind', labels: {}, value: 1.5 },
    ]);
  });

  test.each([
    [true, 'boolean', 1],
    [false, 'boolean', 0],
    ['NaN', 'float', NaN],
    ['Infinity', 'float', Infinity],
    ['-Infinity', undefined, -Infinity],
    [-0, 'float', 0],
    [1e300, 'float', 1e300],
    [5e-324, 'float', 5e-324],
    [Number.MAX_SAFE_INTEGER, 'integer', Number.MAX_SAFE_INTEGER],
    [1_795_305_601.366265, 'timestamp', 1_795_305_601.366265],
    [null, 'float', undefined],
    ['NaN', 'string', undefined],
  ])('writes %j of a %s as %d', async (value, type, number) => {
    const status = value === null ? 'unknown' : 'nominal';
    expect(await valueOf('x', { value, status }, type === undefined ? undefined : { type })).toBe(number);
  });

  test('has a series for each state of a discrete sensor, of which one is 1', async () => {
    const lines = await written('door', { value: 'open' }, { type: 'discrete', params: ['open', 'closed'] });
    expect(lines.filter(({ family }) => family === 'katbus_sensor_state')).toEqual([
      { family: 'katbus_sensor_state', component: 'wx', sensor: 'door', labels: { state: 'open' }, value: 1 },
      {
        family: 'katbus_sensor_state',
        component: 'wx',
        sensor: 'door',
        labels: { state: 'closed' },
        value: 0,
      },
    ]);
  });

  test('has at most 32 states of one sensor, the current one among them', async () => {
    const params = Array.from({ length: 1_000 }, (_, i) => `s${i}`);
    const lines = await written('mode', { value: 's999' }, { type: 'discrete', params });
    const states = lines.filter(({ family }) => family === 'katbus_sensor_state');
    expect(states).toHaveLength(32);
    expect(states.filter(({ value }) => value === 1).map(({ labels }) => labels.state)).toEqual(['s999']);
  });

  test('has text as a label, cut off where no character is cut apart', async () => {
    const lines = await written('note', { value: `${'x'.repeat(127)}😀` }, { type: 'string' });
    const info = lines.find(({ family }) => family === 'katbus_sensor_info');
    expect(info).toMatchObject({ labels: { text: `${'x'.repeat(127)}\ufffd` }, value: 1 });
  });

  test('has of an array its status and its time only', async () => {
    const families = (await written('spectrum', { value: [1, 2] }, { type: 'float[]' })).map(
      ({ family }) => family,
    );
    expect(families).toEqual(['katbus_sensor_status', 'katbus_sensor_timestamp_seconds']);
  });

  test('gives back any text, and whatever else a sample may hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ maxLength: 100 }),
        fc.string({ maxLength: 100 }),
        fc.double(),
        async (text, units, value) => {
          const note = await written('note', { value: text }, { type: 'string' });
          expect(note.find(({ family }) => family === 'katbus_sensor_info')?.labels.text).toBe(text);
          if (!Number.isFinite(value)) return;
          const [number] = await written('x', { value }, { type: 'float', units });
          expect([number?.labels.units, number?.value]).toEqual([units, value + 0]);
        },
      ),
    );
  });

  test('says whether everything could be read', async () => {
    const of = async (incomplete?: string) =>
      parseExposition((await exposition({ ...watchOf([]), incomplete })).join('')).get(
        'katbus_sensors_incomplete',
      )?.samples;
    expect(await of()).toEqual([{ labels: {}, value: 0 }]);
    expect(await of('stream LIVE is silent')).toEqual([{ labels: {}, value: 1 }]);
  });

  test('is made in turns, a look at the clock for each sensor', async () => {
    let taken = 0;
    const turns = new LoopTurns({ mostMs: 0, nextTurn: () => Promise.resolve((taken += 1)) });
    const pieces = await exposition(
      watchOf(Array.from({ length: 2_000 }, (_, i): Given => [`s${i}`, { value: i }])),
      turns,
    );
    expect(taken).toBe(2_000);
    expect(pieces.length).toBeGreaterThan(3);
    expect(parseExposition(pieces.join('')).get('katbus_sensor_value')?.samples).toHaveLength(2_000);
  });
});

describe('the parser of this test', () => {
  test.each([
    ['x 1\n', 'outside of its family'],
    ['# TYPE x gauge\nx 1\n', 'without its HELP'],
    ['# HELP x a\n# TYPE x gauge\nx 1', 'does not end'],
    ['# HELP x a\n# TYPE x gauge\nx 1\nx 2\n', 'there before'],
    ['# HELP x a\n# TYPE x gauge\nx{a="1} 2\n', 'no label'],
    ['# HELP x a\n# TYPE x gauge\nx Infinity\n', 'no value'],
    ['# HELP x a\n# TYPE x gauge\nx{a="1",a="2"} 2\n', 'may not be here'],
  ])('refuses %j', (text, reason) => {
    expect(() => parseExposition(text)).toThrow(reason);
  });
});
