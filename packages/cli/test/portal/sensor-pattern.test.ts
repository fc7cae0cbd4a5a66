import { describe, expect, it } from 'vitest';
import { websocketUrl } from '../../src/portal/portal-option.ts';
import { sensorPattern } from '../../src/portal/sensor-pattern.ts';

describe('what a person types to follow', () => {
  it.each([
    ['host.cpu_load', 'sensor.*.host.cpu_load'],
    ['wx.station.wind-speed', 'sensor.*.wx.station_wind_speed'],
    ['host.*', 'sensor.*.host.*'],
    ['host.>', 'sensor.*.host.>'],
    ['*.cpu_load', 'sensor.*.*.cpu_load'],
    ['>', 'sensor.>'],
    ['sensor.archive.>', 'sensor.archive.>'],
    ['portal.time', 'portal.time'],
    ['attributes.host', 'attributes.host'],
  ])('%s means %s', (text, pattern) => {
    expect(sensorPattern(text)).toBe(pattern);
  });

  it('is refused with an example when it is no name', () => {
    expect(() => sensorPattern('cpu_load')).toThrow('<component>.<sensor>');
  });
});

describe("the portal's address", () => {
  it.each([
    ['http://127.0.0.1:8090', 'ws://127.0.0.1:8090/ws'],
    ['https://cam.example/ws', 'wss://cam.example/ws'],
    ['ws://127.0.0.1:8090/', 'ws://127.0.0.1:8090/ws'],
  ])('%s means %s', (text, url) => {
    expect(websocketUrl(text)).toBe(url);
  });

  it.each(['127.0.0.1:8090', 'nats://127.0.0.1:4222', ''])(
    'refuses "%s" and shows what it should be',
    (text) => {
      expect(() => websocketUrl(text)).toThrow('ws://127.0.0.1:8090/ws');
    },
  );
});
