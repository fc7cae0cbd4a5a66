import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attributesSubject,
  checkComponent,
  formatAddress,
  normalisedName,
  parseAddress,
  parseAttributesSubject,
  parseSensorSubject,
  RATES,
  sensorSubject,
  sensorToken,
} from '@katbus/protocol';
import { addresses, tokens } from './arbitraries.ts';

describe('names', () => {
  it('make the sensor token of a KATCP name', () => {
    expect(sensorToken('station.wind-speed')).toBe('station_wind_speed');
    expect(normalisedName({ component: 'wx', sensor: 'station_wind_speed' })).toBe('wx_station_wind_speed');
  });

  it.each(['', '.x', 'a b', 'ä', 'a*', '>', 'x'.repeat(129)])('refuse the sensor name %j', (name) => {
    expect(() => sensorToken(name)).toThrow(/name/);
  });

  it.each(['', 'a.b', 'a-b', 'all', 'store', 'portal', 'kataware', 'x'.repeat(129)])(
    'refuse the component %j',
    (name) => {
      expect(() => checkComponent(name)).toThrow(/component/);
    },
  );

  it('let alarms alone have kataware', () => {
    expect(() => checkComponent('kataware', { mayBeAlarms: true })).not.toThrow();
    expect(() => checkComponent('all', { mayBeAlarms: true })).toThrow(/reserved/);
  });

  it('write and read addresses', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
    expect(parseAddress('wx.station.wind-speed')).toEqual({ component: 'wx', sensor: 'station_wind_speed' });
  });

  it.each(['wx', 'wx.', '.wind', 'w x.wind', 'wx.wi nd', ''])('refuse the address %j', (text) => {
    expect(() => parseAddress(text)).toThrow(/sensor/);
  });
});

describe('subjects', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RATES), addresses, (rate, address) => {
        expect(parseSensorSubject(sensorSubject(rate, address))).toEqual({ rate, ...address });
      }),
    );
    fc.assert(
      fc.property(tokens, (component) => {
        expect(parseAttributesSubject(attributesSubject(component))).toBe(component);
      }),
    );
  });

  it.each([
    'sensor.archive.wx',
    'sensor.archive.wx.a.b',
    'sensor.raw.wx.a',
    'sensors.archive.wx.a',
    'sensor.archive..a',
    '',
  ])('of another shape are none of a sensor: %j', (subject) => {
    expect(parseSensorSubject(subject)).toBeUndefined();
  });

  it.each(['attributes', 'attributes.', 'attributes.a.b', 'attribute.a'])(
    'of another shape hold no attributes: %j',
    (subject) => {
      expect(parseAttributesSubject(subject)).toBeUndefined();
    },
  );
});
