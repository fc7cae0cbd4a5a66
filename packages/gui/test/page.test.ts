import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { requires } from '../../../test/support/requires.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { curvePixels } from './plot-pixels.ts';
import { RunningComponent } from '../../bus/test/running-component.ts';
import { RunningPage } from './running-page.ts';

const describeWithChromium = await requires('chromium', 'nats-server');

describeWithChromium('the page at the portal’s root', () => {
  let running: RunningPage;
  beforeAll(async () => {
    running = await RunningPage.start();
  });
  afterEach(async () => {
    for (const context of running.browser.contexts()) await context.close();
    expect(running.complaints.splice(0)).toEqual([]);
  });
  afterAll(() => running.stop());

  it('shows a random value within 2 s of its publishing, and draws it', async () => {
    const broker = await running.system.join('random');
    const sensor = broker.addSensor({
      name: 'walk',
      type: 'float',
      units: 'mK',
      description: 'A random value',
    });
    sensor.update(1);
    const page = await running.open('#random.walk/15min');
    await page.getByTestId('detail-value').getByText('1', { exact: true }).waitFor();
    await waitFor(async () => (await curvePixels(page)).pixels > 0, { what: 'the curve of one value' });
    await waitFor(async () => (await curvePixels(page)).rows < 12, { what: 'a flat curve' });

    const value = Math.round(1_000 + Math.random() * 1e6) / 8;
    const publishedMs = performance.now();
    sensor.update(value);
    const text = String(Number(value.toPrecision(6)));
    await waitFor(
      async () => (await page.getByTestId('detail-value').innerText()).replaceAll('\u202f', '') === text,
      { what: `${text} on the page` },
    );
    expect(performance.now() - publishedMs).toBeLessThan(2_000);
    const row = page.getByRole('option', { name: 'walk' });
    expect((await row.innerText()).replaceAll('\u202f', '')).toContain(text);
    // A step up: the curve now has a vertical stroke.
    await waitFor(async () => (await curvePixels(page)).rows > 80, { what: 'the step in the plot' });
    expect(performance.now() - publishedMs).toBeLessThan(3_000);
  });

  it('draws what the archive has from before the page was opened, flowing into what is live', async () => {
    const broker = await running.system.join('past');
    const sensor = broker.addSensor({
      name: 'ramp',
      type: 'integer',
      sampling: { archiveIntervalSeconds: 0 },
    });
    for (let value = 0; value < 200; value += 1) sensor.update(value);
    const page = await running.open();
    const samplesInPlot = async () =>
      Number(/(\d+) samples/.exec((await page.getByTestId('plot').getAttribute('aria-label'))!)?.[1]);
    // Reloaded until the archiver has them: the page itself asks once more only for the last minute.
    await waitFor(
      async () => {
        await page.goto(`${running.system.portalUrl}#past.ramp/15min`);
        await page.reload();
        await page.getByTestId('plot-note').filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
        return (await samplesInPlot()) >= 200;
      },
      { what: '200 samples in the plot', intervalMs: 100 },
    );
    await waitFor(async () => (await curvePixels(page)).rows > 80, { what: 'the ramp in the plot' });
    const before = await samplesInPlot();
    sensor.update(-50);
    await waitFor(async () => (await samplesInPlot()) === before + 1, {
      what: 'the live sample behind the archived ones',
    });
  });

  it('lists sensors with units, description, age, and a status by shape and word', async () => {
    const broker = await running.system.join('list');
    broker
      .addSensor({ name: 'mast.wind-speed', type: 'float', units: 'm/s', description: 'Wind at the mast' })
      .update(31.5, { status: 'warn' });
    broker.addSensor({ name: 'never', type: 'float', description: 'Has no value yet' });
    const page = await running.open('#list.mast_wind_speed');
    const row = page.getByRole('option', { name: /mast_wind_speed/ });
    await row.getByText('31.5').waitFor();
    await row.filter({ hasText: /warn\s*31\.5\s*m\/s\s*(now|\d+ s)/ }).waitFor();
    expect(await row.locator('use').getAttribute('href')).toBe('#mark-warn');
    expect(await row.getAttribute('aria-selected')).toBe('true');
    await page.getByRole('option', { name: /never/ }).getByText('no sample').waitFor();
    await page.getByTestId('detail-name').getByText('list.mast.wind-speed', { exact: true }).waitFor();
    await page.getByTestId('detail-description').getByText('Wind at the mast', { exact: true }).waitFor();
    await page.getByTestId('detail-status').getByText('warn', { exact: true }).waitFor();
    await page.getByTestId('connection').getByText('connected', { exact: true }).waitFor();
    await page
      .getByTestId('lst')
      .filter({ hasText: /^\d\d:\d\d:\d\d$/ })
      .waitFor();
  });

  it('is worked by the keyboard, and keeps the selection in its address', async () => {
    const broker = await running.system.join('keys');
    for (const name of ['alpha', 'beta', 'gamma']) broker.addSensor({ name, type: 'integer' }).update(1);
    const page = await running.open();
    await page.getByRole('option', { name: /beta/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('keys a');
    await page.getByTestId('tally').filter({ hasText: /^3 of/ }).waitFor();
    await page.keyboard.type('m');
    await page.getByTestId('tally').filter({ hasText: /^1 of/ }).waitFor();
    await page.keyboard.press('Backspace');
    await page.getByTestId('tally').filter({ hasText: /^3 of/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    for (const key of ['Home', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    await page.getByTestId('detail-name').getByText('keys.beta').waitFor();
    expect(new URL(page.url()).hash).toBe('#keys.beta');
    await page.getByTestId('span-6h').click();
    expect(new URL(page.url()).hash).toBe('#keys.beta/6h');
    await page.reload();
    await page.getByTestId('detail-name').getByText('keys.beta').waitFor();
    expect(await page.getByTestId('span-6h').getAttribute('aria-pressed')).toBe('true');
    await page.goBack();
    expect(await page.getByTestId('span-1h').getAttribute('aria-pressed')).toBe('true');
  });

  it('shows only the sensors of one status when asked, as they change', async () => {
    const broker = await running.system.join('statuses');
    const sensor = broker.addSensor({ name: 'pump', type: 'integer' });
    sensor.update(1, { status: 'failure' });
    const page = await running.open();
    const button = page.getByTestId('status-failure');
    await button.getByText('1').waitFor();
    await button.click();
    await page.getByTestId('tally').filter({ hasText: /^1 of/ }).waitFor();
    expect(await page.getByRole('option').allInnerTexts()).toEqual([expect.stringContaining('pump')]);
    sensor.update(1, { status: 'nominal' });
    await page.getByTestId('tally').filter({ hasText: /^0 of/ }).waitFor();
    await button.click();
    await button.waitFor({ state: 'hidden' });
  });

  it('draws named values as steps between levels, and lists changes of what has no height', async () => {
    const broker = await running.system.join('kinds');
    const mode = broker.addSensor({ name: 'mode', type: 'discrete', params: ['off', 'on', 'broken'] });
    const text = broker.addSensor({ name: 'text', type: 'string', sampling: { archiveIntervalSeconds: 0 } });
    mode.update('off');
    const page = await running.open('#kinds.mode/15min');
    await waitFor(async () => (await curvePixels(page)).pixels > 0, { what: 'the level' });
    mode.update('broken', { status: 'error' });
    await waitFor(async () => (await curvePixels(page)).rows > 80, { what: 'the step between levels' });
    for (const value of ['one', '<img src=x onerror=alert(1)>']) text.update(value);
    await page.getByRole('option', { name: /text/ }).click();
    const changes = page.getByTestId('samples').locator('tbody tr');
    await changes.nth(1).waitFor();
    expect(await changes.allInnerTexts()).toEqual([
      expect.stringContaining('<img src=x onerror=alert(1)>'),
      expect.stringContaining('one'),
    ]);
    expect(await page.getByTestId('plot').isHidden()).toBe(true);
  });

  it('says that the portal is gone, and comes back by itself', async () => {
    const broker = await running.system.join('outage');
    const sensor = broker.addSensor({ name: 'level', type: 'integer' });
    sensor.update(10);
    const page = await running.open('#outage.level/15min');
    await page.getByTestId('detail-value').getByText('10', { exact: true }).waitFor();
    await running.system.stopPortal();
    const connection = page.getByTestId('connection');
    await connection.getByText('no connection to the portal').waitFor();
    expect(await connection.getAttribute('data-mood')).toBe('bad');
    sensor.update(20);
    await running.system.startPortal();
    await connection.getByText('connected', { exact: true }).waitFor({ timeout: 20_000 });
    await page.getByTestId('detail-value').getByText('20', { exact: true }).waitFor();
    await waitFor(async () => (await curvePixels(page)).rows > 80, { what: 'the step during the outage' });
    // The browser itself reports each attempt that failed; that is no fault of the page.
    const others = running.complaints.splice(0).filter((text) => !text.includes('WebSocket connection to'));
    expect(others).toEqual([]);
  });

  it('greys what a component that was killed has left behind, and says since when it is absent', async () => {
    await using dying = new RunningComponent(running.system.nats.url, 'dying');
    await dying.says('joined');
    const page = await running.open('#dying.count');
    const row = page.getByRole('option', { name: /count/ });
    const heading = page.locator('.row.heading', { hasText: 'dying' });
    await row.waitFor();
    const isStale = () => row.evaluate((element) => element.classList.contains('stale'));
    expect(await isStale()).toBe(false);
    await dying.kill('SIGKILL');
    await heading.getByText(/dying · 1 · absent since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/).waitFor();
    expect(await isStale()).toBe(true);
    await page
      .getByTestId('detail-status')
      .getByText(/component dying absent since/)
      .waitFor();
    // Who opens the page later sees the same.
    const later = await running.open('#dying.count');
    await later.locator('.row.sensor.stale', { hasText: 'count' }).waitFor();
    await using back = new RunningComponent(running.system.nats.url, 'dying');
    await back.says('joined');
    await later.locator('.row.sensor:not(.stale)', { hasText: 'count' }).waitFor();
    await heading.getByText('dying · 1', { exact: true }).waitFor();
    const broker = await running.system.join('leaving');
    broker.addSensor({ name: 'last', type: 'integer' }).update(1);
    await page.getByRole('option', { name: /last/ }).waitFor();
    await broker.close();
    await page.locator('.row.heading', { hasText: /leaving · 1 · left at/ }).waitFor();
  });

  it('fits a narrow window: the list, then the sensor, and the way back', async () => {
    const broker = await running.system.join('narrow');
    broker.addSensor({ name: 'pressure', type: 'float' }).update(1);
    const page = await running.open('', { viewport: { width: 400, height: 800 } });
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    const row = page.getByRole('option', { name: /pressure/ });
    await row.waitFor();
    expect(await page.getByTestId('detail').isHidden()).toBe(true);
    expect(await fits()).toBe(true);
    await row.click();
    await page.getByTestId('detail-name').getByText('narrow.pressure').waitFor();
    expect(await page.getByTestId('list').isHidden()).toBe(true);
    expect(await fits()).toBe(true);
    await page.getByTestId('back').click();
    await row.waitFor();
    expect(new URL(page.url()).hash).toBe('');
  });

  it.each(['light', 'dark'] as const)(
    'follows the %s scheme of the system, the canvas too',
    async (colorScheme) => {
      const broker = await running.system.join(`scheme_${colorScheme}`);
      broker.addSensor({ name: 'one', type: 'float' }).update(1);
      const page = await running.open(`#scheme_${colorScheme}.one`, { colorScheme });
      await waitFor(async () => (await curvePixels(page)).pixels > 0, {
        what: 'the curve in the scheme’s colour',
      });
      const brightness = await page.evaluate(() => {
        const [red = '0'] = getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? [];
        return Number(red);
      });
      expect(brightness > 128).toBe(colorScheme === 'light');
    },
  );

  it('is not held up by 5,000 sensors', async () => {
    const broker = await running.system.join('many');
    const sensors = Array.from({ length: 5_000 }, (_, n) =>
      broker.addSensor({ name: `sensor-${n}`, type: 'integer' }),
    );
    for (const sensor of sensors) sensor.update(0);
    const page = await running.open();
    await page
      .getByTestId('tally')
      .filter({ hasText: /^50\d\d sensors/ })
      .waitFor();
    for (const sensor of sensors) sensor.update(1);
    await page.evaluate(() => document.querySelector('[data-testid="list"]')!.scrollTo(0, 100_000));
    await page
      .getByRole('option', { name: /sensor_3\d\d\d/ })
      .first()
      .waitFor();
    // Only what is seen is there: a screenful and a margin.
    expect(await page.locator('.row').count()).toBeLessThan(80);
    await page.getByTestId('filter').fill('sensor_4711');
    const row = page.getByRole('option', { name: /sensor_4711/ });
    await row.filter({ hasText: '1' }).waitFor();
    expect(await page.getByRole('option').count()).toBe(1);
  });
});
