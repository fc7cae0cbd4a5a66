import { createLogger } from '@katbus/bus/daemon';
import { MEERKAT, type Sample } from '@katbus/protocol';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveSystem } from '../../../../test/support/live-system.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { startTelescopeDaemon, type TelescopeDaemonOptions } from '../../src/telescope/telescope-daemon.ts';
import { TELESCOPE_DEFAULTS } from '../../src/telescope/telescope-model.ts';

describe('a telescope on the bus', () => {
  let system: LiveSystem;

  beforeAll(async () => {
    system = await LiveSystem.start();
  }, 30_000);
  afterAll(() => system.stop());

  function start(options: Partial<TelescopeDaemonOptions> = {}) {
    const registry = new Registry();
    const logger = createLogger({ name: 'telescope', level: 'error', format: 'json' });
    const daemon = startTelescopeDaemon(
      {
        ...TELESCOPE_DEFAULTS,
        nats: system.nats.url,
        site: MEERKAT,
        rate: 5,
        speed: 1,
        receptors: 4,
        ...options,
      },
      { logger, registry, starting: () => undefined },
    );
    const metric = async (name: string, labels: Readonly<Record<string, string>> = {}) => {
      const found = await registry.getSingleMetric(`katbus_telescope_${name}`)?.get();
      const values = found?.values ?? [];
      return values
        .filter((value) => Object.entries(labels).every(([label, text]) => value.labels[label] === text))
        .reduce((sum, { value }) => sum + value, 0);
    };
    return { daemon, metric };
  }

  it('lists its sensors with attributes, sends samples of all, and leaves nothing unacknowledged', async () => {
    const { daemon, metric } = start({ faults: 0 });
    try {
      await waitFor(() => daemon.readiness() === undefined, { what: 'all components to join' });
      expect(await metric('components')).toBe(7);
      const client = system.client();
      const { sensors } = await client.list({ filter: '^(anc|array|cbf|m00[0-3])_' });
      expect(sensors.length).toBe(await metric('sensors'));
      const rms = sensors.find(({ component, sensor }) => component === 'm003' && sensor === 'dig_adc_h_rms');
      expect(rms?.attributes).toMatchObject({
        katcp_name: 'm003.dig.adc.h-rms',
        type: 'float',
        units: 'ADU',
      });
      const samples = new Map<string, Sample>();
      client.subscribe(['sensor.*.anc.>', 'sensor.*.m002.>'], {
        onSample: (sample, subject) => samples.set(subject.split('.').slice(2).join('.'), sample),
      });
      const wanted = sensors.filter(({ component }) => component === 'anc' || component === 'm002').length;
      await waitFor(() => samples.size === wanted, { what: `samples of ${wanted} sensors` });
      expect(samples.get('m002.dig_spectrum')?.value).toHaveLength(16);
      const first = samples.get('m002.ap_actual_azim')?.time ?? Infinity;
      await waitFor(() => (samples.get('m002.ap_actual_azim')?.time ?? 0) > first, { what: 'it to move' });
    } finally {
      await daemon.stop();
    }
    const { published, acknowledged } = {
      published: await metric('samples_total', { outcome: 'published' }),
      acknowledged: await metric('samples_total', { outcome: 'acknowledged' }),
    };
    expect(published).toBeGreaterThan(100);
    expect(acknowledged).toBe(published);
  }, 30_000);

  it('stows when the wind is strong', async () => {
    const { daemon } = start({ meanWind: 30, faults: 0, speed: 10 });
    try {
      const client = system.client();
      const modes = new Map<string, Sample>();
      client.subscribe(['sensor.*.*.ap_mode'], { onSample: (sample) => modes.set(sample.name, sample) });
      const isStowed = () =>
        modes.size >= 4 &&
        [...modes.values()].every(({ value, status }) => value === 'stow' && status === 'warn');
      await waitFor(isStowed, { what: 'all receptors to be stowed' });
    } finally {
      await daemon.stop();
    }
  }, 30_000);

  it('has faults: statuses that follow, and components that leave and come back', async () => {
    const { daemon, metric } = start({ faults: 300, speed: 4, seed: 'faults' });
    try {
      const client = system.client();
      const statuses = new Set<string>();
      const startedAt = Date.now() / 1000;
      let wasBooted = false;
      let sawNan = false;
      client.subscribe(['sensor.*.*.>'], {
        onSample: ({ status, value, name }) => {
          statuses.add(status);
          sawNan ||= value === 'NaN' || Number.isNaN(value);
          wasBooted ||= name.endsWith('_boot_time') && Number(value) > startedAt;
        },
      });
      await waitFor(
        () => ['unreachable', 'warn', 'error', 'failure'].every((status) => statuses.has(status)),
        {
          what: 'all statuses that faults bring',
        },
      );
      await waitFor(() => sawNan, { what: 'a sensor that reads NaN' });
      await waitFor(() => wasBooted, { what: 'a receptor that was restarted', timeoutMs: 20_000 });
      expect(await metric('faults_total', { kind: 'powerGlitch' })).toBeGreaterThan(0);
    } finally {
      await daemon.stop();
    }
  }, 40_000);

  it('ends when another telescope takes its names over, which one that is not told to does not', async () => {
    const first = start({ receptors: 1, faults: 0 });
    await waitFor(() => first.daemon.readiness() === undefined, { what: 'the first to join' });
    const refused = start({ receptors: 1, faults: 0 });
    await expect(refused.daemon.ended).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    await refused.daemon.stop();
    expect(first.daemon.readiness()).toBeUndefined();
    const firstEnded = expect(first.daemon.ended).rejects.toMatchObject({ code: 'NAME_LOST' });
    const second = start({ receptors: 1, faults: 0, takeover: true });
    await waitFor(() => second.daemon.readiness() === undefined, { what: 'the second to join' });
    await firstEnded;
    await first.daemon.stop();
    await second.daemon.stop();
  }, 30_000);
});
