import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseSample, toMicroseconds, type Sample } from '@katbus/protocol';
import { ComponentSensors } from '../src/component-sensors.ts';
import { checkDefinition, type SensorDefinition } from '../src/sensor-definition.ts';
import type { UpdateOptions } from '../src/sensor.ts';

interface Published {
  readonly subject: string;
  readonly sample: Sample;
  readonly statusChanged: boolean;
}

function makeSensor(definition: SensorDefinition, maxPayload = 1024 * 1024) {
  const published: Published[] = [];
  const sensors = new ComponentSensors({
    component: 'wx',
    sampling: undefined,
    wallClockUs: () => Date.now() * 1000,
    maxPayload: () => maxPayload,
    checkOpen: () => undefined,
    announce: () => undefined,
    tell: () => undefined,
    publish: (subject, payload, _rate, statusChanged) => {
      published.push({ subject, sample: parseSample(payload), statusChanged });
    },
  });
  return { sensor: sensors.add(definition), published, sensors };
}

describe('a sensor', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('publishes its first value on the archive subject and fill-ins on the normal one', () => {
    const { sensor, published } = makeSensor({ name: 'station.wind-speed', type: 'float' });
    sensor.update(3);
    vi.advanceTimersByTime(1_000);
    sensor.update(4, { status: 'nominal', valueTime: 1795305600.25 });
    expect(published.map(({ subject }) => subject)).toEqual([
      'sensor.archive.wx.station_wind_speed',
      'sensor.normal.wx.station_wind_speed',
    ]);
    expect(published[1]?.sample).toMatchObject({
      name: 'wx_station_wind_speed',
      value: 4,
      value_ts: 1795305600.25,
    });
  });

  it('sends the last value of a burst by its timer, with the time of sending and the time of the value', () => {
    const { sensor, published } = makeSensor({ name: 'wind', type: 'float' });
    sensor.update(1);
    const burstAt = Date.now();
    sensor.update(2);
    sensor.update(3);
    expect(published).toHaveLength(1);
    vi.advanceTimersByTime(1_020);
    expect(published).toHaveLength(2);
    const { sample } = published[1]!;
    expect(sample.value).toBe(3);
    expect(Math.abs(sample.value_ts * 1000 - burstAt)).toBeLessThan(2);
    expect(sample.time - sample.value_ts).toBeGreaterThan(0.99);
  });

  it('gives samples of one microsecond times that grow', () => {
    const { sensor, published } = makeSensor({
      name: 'wind',
      type: 'integer',
      sampling: { archiveIntervalSeconds: 0, longestSilenceSeconds: 0 },
    });
    for (let value = 0; value < 100; value += 1) sensor.update(value);
    const times = published.map(({ sample }) => toMicroseconds(sample.time));
    for (const [place, timeUs] of times.entries()) {
      if (place > 0) expect(timeUs).toBe((times[place - 1] ?? 0) + 1);
    }
  });

  it('marks a change of status, which must not be dropped', () => {
    const { sensor, published } = makeSensor({ name: 'ok', type: 'boolean' });
    sensor.update(true);
    sensor.update(true, { status: 'warn' });
    vi.advanceTimersByTime(11_000);
    sensor.update(false, { status: 'warn' });
    expect(published.map(({ statusChanged }) => statusChanged)).toEqual([true, true, false]);
  });

  it('lists its newest update even when the throttle held it', () => {
    const { sensor } = makeSensor({ name: 'wind', type: 'float' });
    expect(sensor.reading()).toBeUndefined();
    sensor.update(1);
    sensor.update(NaN);
    expect(sensor.reading()).toMatchObject({ name: 'wx_wind', value: 'NaN', status: 'nominal' });
  });

  it('copies arrays, so that their owner may go on writing into them', () => {
    const { sensor, published } = makeSensor({ name: 'tilt', type: 'float[]' });
    const values = new Float64Array([1, NaN, -Infinity]);
    sensor.update(values);
    values[0] = 9;
    sensor.update(values);
    expect(published[0]?.sample.value).toEqual([1, 'NaN', '-Infinity']);
    expect(sensor.reading()?.value).toEqual([9, 'NaN', '-Infinity']);
  });

  it('carries every type of value as it is', () => {
    const cases = [
      ['integer', 0],
      ['float', -0.5],
      ['boolean', false],
      ['string', ''],
      ['timestamp', 1795305600.5],
      ['address', '[::1]:8090'],
      ['lru', 'error'],
      ['float[]', []],
    ] as const;
    for (const [type, value] of cases) {
      const { sensor, published } = makeSensor({ name: 'x', type });
      sensor.update(value);
      expect(published[0]?.sample.value).toEqual(value);
    }
  });

  it.each([
    ['value', 'integer', 1.5, {}],
    ['value', 'integer', 2 ** 53, {}],
    ['value', 'float', '1', {}],
    ['value', 'boolean', 1, {}],
    ['value', 'discrete', 'up', {}],
    ['value', 'float', null, {}],
    ['value', 'float', undefined, {}],
    ['value', 'float[]', ['x'], {}],
    ['status', 'float', 1, { status: 'fine' }],
    ['valueTime', 'float', 1, { valueTime: NaN }],
  ])('refuses bad use naming %s: %s %j %j', (field, type, value, options) => {
    const { sensor, published } = makeSensor({ name: 'x', type: type as 'float', params: ['on', 'off'] });
    expect(() => {
      sensor.update(value as number, options as UpdateOptions);
    }).toThrow(expect.objectContaining({ code: 'USAGE', field }));
    expect(published).toEqual([]);
  });

  it('refuses a value whose sample the server would not take, before the throttle has seen it', () => {
    const { sensor, published } = makeSensor({ name: 'text', type: 'string' }, 1_000);
    expect(() => {
      sensor.update('ä'.repeat(500));
    }).toThrow(/at most 1000/);
    sensor.update('short');
    expect(published).toHaveLength(1);
  });
});

describe('a sensor definition', () => {
  it.each([
    ['name', { name: 'a b', type: 'float' }],
    ['type', { name: 'a', type: 'double' }],
    ['units', { name: 'a', type: 'float', units: 7 }],
    ['params', { name: 'a', type: 'discrete' }],
    ['params', { name: 'a', type: 'discrete', params: [1] }],
    ['params', { name: 'a', type: 'float', params: '0, 1' }],
    ['archiveIntervalSeconds', { name: 'a', type: 'float', sampling: { archiveIntervalSeconds: -1 } }],
  ])('is refused naming %s', (field, definition) => {
    expect(() => checkDefinition('wx', definition as SensorDefinition)).toThrow(
      expect.objectContaining({ field }),
    );
  });

  it('keeps further attributes, but not over its own', () => {
    const { attributes } = checkDefinition('wx', {
      name: 'a',
      type: 'float',
      attributes: { mass: 12, name: 'other' },
    });
    expect(attributes).toMatchObject({ mass: 12, name: 'wx_a', katcp_name: 'wx.a' });
  });
});
