import { afterAll, beforeAll, expect, it } from 'vitest';
import { BusConnection } from '@katbus/bus/nats';
import { encodeSample, normalisedName, sensorSubject, type SampleValue } from '@katbus/protocol';
import { requires } from '../../../test/support/requires.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { curvePixels } from './plot-pixels.ts';
import { RunningPage } from './running-page.ts';

const describeWithChromium = await requires('chromium', 'nats-server');

describeWithChromium('a span with more samples than a plot can draw', () => {
  let running: RunningPage;
  let bus: BusConnection;
  beforeAll(async () => {
    running = await RunningPage.start();
    bus = await BusConnection.connect({ servers: running.system.nats.url, name: 'past' });
  });
  afterAll(async () => {
    await bus.close();
    await running.stop();
  });

  /** Samples of the last 20 hours, as if a component had published them then. */
  async function publishPast(
    sensor: string,
    count: number,
    valueOf: (place: number) => SampleValue,
  ): Promise<void> {
    const broker = await running.system.join(sensor);
    const isDiscrete = typeof valueOf(0) === 'string';
    const added = isDiscrete
      ? broker.addSensor({ name: 'past', type: 'discrete', params: ['off', 'on', 'broken'] })
      : broker.addSensor({ name: 'past', type: 'float' });
    const address = { component: sensor, sensor: 'past' };
    const endUs = (Date.now() - 120_000) * 1_000;
    for (let place = 0; place < count; place += 1) {
      const timeUs = endUs - Math.round((20 * 3_600e6 * (count - place)) / count);
      const data = encodeSample(normalisedName(address), timeUs, timeUs, 'nominal', valueOf(place));
      bus.publish(sensorSubject('archive', address), data);
      if (place % 500 === 0) await bus.flush();
    }
    added.update(valueOf(count) as number | string);
    await bus.flush();
    await waitFor(
      async () => {
        const query = `sensor=${sensor}.past&start=-24h&operator=ncount`;
        const answer = await fetch(`${running.system.portalUrl}/api/history?${query}`);
        return answer.ok && ((await answer.json()) as { value: number }[])[0]?.value === count + 1;
      },
      { what: 'all to be archived', timeoutMs: 30_000 },
    );
  }

  it('is drawn as means in a band from the least to the greatest', async () => {
    await publishPast('wave', 6_000, (place) => Math.sin(place / 500) + (place % 2 === 0 ? 0.5 : -0.5));
    const page = await running.open('#wave.past/24h');
    await expect
      .poll(() => page.getByTestId('plot-note').textContent(), { timeout: 12_000 })
      .toMatch(/^6,000 samples: drawn as the mean of 86 s/);
    await expect
      .poll(() => page.getByTestId('plot').getAttribute('aria-label'), { timeout: 12_000 })
      .toContain('6001 samples');
    // The mean is a smooth wave: a plot of the samples themselves would be black with strokes.
    const { left, right, width, pixels } = await waitFor(
      async () => {
        const found = await curvePixels(page);
        return found.pixels > 0 ? found : undefined;
      },
      { what: 'the curve' },
    );
    expect((right - left) / width).toBeGreaterThan(0.7);
    expect(pixels).toBeLessThan(20 * width);
    await page.getByTestId('plot').waitFor();
    const box = (await page.getByTestId('plot').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page
      .getByTestId('plot-reading')
      .filter({ hasText: /· mean -?[\d.]+, -?[\d.]+ to -?[\d.]+ · \d+ samples · nominal/ })
      .waitFor();
    await page.getByTestId('span-15min').click();
    await page.getByTestId('plot-note').filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
    expect(running.complaints).toEqual([]);
  });

  it('of named values is drawn as the last level, in a band over all that were there', async () => {
    await publishPast('switch', 5_000, (place) =>
      place % 50 === 0 ? 'broken' : place % 2 === 0 ? 'on' : 'off',
    );
    const page = await running.open('#switch.past/24h');
    await expect
      .poll(() => page.getByTestId('plot-note').textContent(), { timeout: 12_000 })
      .toMatch(/^5,000 samples: drawn as the last value of each 86 s/);
    await page.getByTestId('plot').waitFor();
    const box = (await page.getByTestId('plot').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page
      .getByTestId('plot-reading')
      .filter({ hasText: /· .*(on|off) \d+ s.* · nominal/ })
      .waitFor();
    expect(running.complaints).toEqual([]);
  });
});
