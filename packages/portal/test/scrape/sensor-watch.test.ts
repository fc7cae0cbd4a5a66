import { expect, test } from 'vitest';
import type { Pattern } from '@katbus/protocol';
import type { Delivery } from '../../src/delivery/delivery.ts';
import { Publication } from '../../src/delivery/publication.ts';
import { SensorWatch } from '../../src/scrape/sensor-watch.ts';

/** Nothing is read: what comes is put in by hand. */
const delivery = {
  open: () => ({ subscribe: () => Promise.resolve({ start: () => undefined }) }),
  close: () => undefined,
} as unknown as Delivery;

function watchOf(mostSensors: number) {
  const asked: string[] = [];
  const glob: Pattern = {
    source: '*.wind',
    literal: undefined,
    matches: (key) => {
      asked.push(key);
      return key.endsWith('.wind');
    },
  };
  return { asked, watch: new SensorWatch(delivery, [glob], mostSensors) };
}
const publish = (watch: SensorWatch, key: string, timeUs: number) =>
  watch.publish(new Publication('sample', `sensor.archive.${key}`, key, '{}', timeUs));

test('a sensor is compared with the globs once, however often it comes', async () => {
  const { asked, watch } = watchOf(10);
  await watch.ready();
  for (let timeUs = 1; timeUs <= 5; timeUs++) {
    publish(watch, 'wx.wind', timeUs);
    publish(watch, 'wx.rain', timeUs);
  }
  expect(asked).toEqual(['wx.wind', 'wx.rain']);
  expect([...watch.samples.values()].map(({ key, timeUs }) => [key, timeUs])).toEqual([['wx.wind', 5]]);
  expect(watch.hasTooMany).toBe(false);
});

test('past the most sensors none is compared any more, and those that are known are kept up to date', async () => {
  const { asked, watch } = watchOf(1);
  await watch.ready();
  for (let timeUs = 1; timeUs <= 5; timeUs++)
    for (const key of ['wx.wind', 'dome.wind', 'mast.wind']) publish(watch, key, timeUs);
  expect(asked).toEqual(['wx.wind', 'dome.wind']);
  expect(watch.hasTooMany).toBe(true);
  expect(watch.samples.get('wx.wind')?.timeUs).toBe(5);
});
