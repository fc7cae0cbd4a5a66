import type { SnapshotPage } from '@katbus/client';
import { createLogger } from '@katbus/bus/daemon';
import { BusConnection, callService } from '@katbus/bus/nats';
import {
  PRESENCE_SUBJECTS,
  STORE_SUBJECTS,
  wallClockUs,
  type LatestPage,
  type PresenceList,
  type Sample,
} from '@katbus/protocol';
import { PresenceMetrics, PresenceService } from '@katbus/services';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningComponent } from '../../packages/bus/test/running-component.ts';
import { katbus } from '../support/katbus-up.ts';
import { LiveSystem } from '../support/live-system.ts';
import { waitFor } from '../support/wait-for.ts';

let system: LiveSystem;
let connection: BusConnection;
let stopPresence: () => Promise<void>;

beforeAll(async () => {
  system = await LiveSystem.start();
  connection = await BusConnection.connect({ servers: system.nats.url, name: 'services' });
  const logger = createLogger({ name: 'services', level: 'error', format: 'json' });
  const presence = new PresenceService({ metrics: new PresenceMetrics(new Registry()), discoverSeconds: 1 });
  const running = await presence.start({ connection, logger });
  stopPresence = () => running.stop();
});

afterAll(async () => {
  await stopPresence();
  await connection.close();
  await system.stop();
});

/** The current values of a component, as who comes now gets them. */
async function snapshotOf(component: string): Promise<SnapshotPage['samples']> {
  const client = system.client();
  const samples: SnapshotPage['samples'][number][] = [];
  await new Promise<void>((resolve) => {
    client.subscribe([`sensor.*.${component}.*`], {
      onSnapshot: (page) => {
        samples.push(...page.samples);
        if (page.last) resolve();
      },
    });
  });
  client.close();
  return samples;
}

const stateOf = async (component: string) => {
  const { components } = (await callService(connection, PRESENCE_SUBJECTS.list)) as PresenceList;
  return components.find((one) => one.component === component)?.state;
};
/** How many sensors a component has told of. */
const sensorsOf = async (component: string) => {
  const { components } = (await callService(connection, PRESENCE_SUBJECTS.list)) as PresenceList;
  return components.find((one) => one.component === component)?.sensors;
};
const isIn = (component: string, state: string) =>
  waitFor(async () => (await stateOf(component)) === state, {
    what: `${component} to be ${state}`,
    timeoutMs: 20_000,
  });

describe('a component that is gone', () => {
  it('leaves stale values behind, is not waited for, and is shown by the commands', async () => {
    await using dying = new RunningComponent(system.nats.url, 'dying');
    await dying.says('joined');
    const other = await system.join('other');
    other.addSensor({ name: 'a', type: 'integer' }).update(1);
    await waitFor(async () => (await snapshotOf('dying')).length > 0, { what: 'a first sample' });
    expect((await snapshotOf('dying')).some(({ stale }) => stale)).toBe(false);
    await waitFor(async () => (await sensorsOf('dying')) === 1, { what: 'presence to know its sensor' });
    await dying.kill('SIGKILL');
    await isIn('dying', 'absent');
    await waitFor(async () => (await snapshotOf('dying')).every(({ stale }) => stale === true), {
      what: 'the values to be stale',
    });
    expect((await snapshotOf('other')).some(({ stale }) => stale)).toBe(false);
    // Two seconds are what one waits for components that nobody knows to be gone.
    const client = system.client();
    await waitFor(async () => (await client.sensors({ component: 'dying' })).sensors.length > 0, {
      what: 'the archive to know it',
    });
    await client.list();
    const startMs = performance.now();
    const { absent } = await client.list();
    expect(absent).toEqual(['dying']);
    expect(performance.now() - startMs).toBeLessThan(1_500);

    const portal = ['--portal', system.portalUrl];
    const ls = await katbus('ls', ...portal);
    expect(ls.stdout).toMatch(/dying\.count .* stale/);
    expect(ls.stderr).toMatch(/dying is absent since \d{4}-/);
    const json = await katbus('ls', '--component', 'dying', '--json', ...portal);
    expect(JSON.parse(json.stdout)).toMatchObject({ component: 'dying', sensor: 'count', stale: true });
    const nats = ['--nats', system.nats.url];
    const status = await katbus('status', ...portal, ...nats);
    expect(status.stdout).toMatch(/component dying +absent +since \d{4}-.*, last 1 sensor/);
    const list = await katbus('component', 'list', ...nats);
    expect(list.stdout).toMatch(/^COMPONENT +STATE +SINCE/);
    expect(list.stdout).toMatch(new RegExp(`dying +absent +\\S+ +1 +\\S+ +\\(${dying.child.pid}\\)`));
    expect((await katbus('component', 'forget', 'other', ...nats)).stderr).toContain(
      'other is present: stop it first',
    );
    expect((await katbus('component', 'forget', 'dying', ...nats)).stdout).toContain('dying is forgotten');
    expect((await katbus('component', 'list', ...nats)).stdout).not.toContain('dying');
    await waitFor(async () => (await snapshotOf('dying')).length === 0, {
      what: 'its values to be shown no more',
    });
    expect((await client.list()).absent).toEqual([]);
  });
});

describe('a component whose clock is set back', () => {
  it('shows its newest value everywhere: live, to who comes later, in the archive', async () => {
    let offsetUs = 0;
    const broker = await system.join('clock', {
      wallClockUs: () => wallClockUs() + offsetUs,
      sampling: { archiveIntervalSeconds: 0 },
    });
    const sensor = broker.addSensor({ name: 'value', type: 'integer' });
    sensor.update(1);
    const seen: Sample[] = [];
    const client = system.client();
    await client.subscribe(['sensor.*.clock.*'], { onSample: (sample) => seen.push(sample) }).ready;
    await waitFor(() => seen.length === 1, { what: 'the value of before' });
    offsetUs = -600e6;
    await new Promise((resolve) => setTimeout(resolve, 5));
    // Within the time in which a portal looks for late copies of its snapshot.
    sensor.update(2);
    await waitFor(() => seen.at(-1)?.value === 2, { what: 'the value of the new epoch' });
    expect(seen[0]!.time - seen[1]!.time).toBeGreaterThan(590);
    expect(await broker.flush(5_000)).toBe(true);
    expect((await snapshotOf('clock')).map(({ sample }) => sample.value)).toEqual([2]);
    const latest = async () => {
      const request = { subjects: ['sensor.archive.clock.*'] };
      return ((await callService(connection, STORE_SUBJECTS.latest, request)) as LatestPage).samples[0]
        ?.value;
    };
    await waitFor(async () => (await latest()) === 2, { what: 'the latest value of the archive' });
    sensor.update(3);
    await waitFor(async () => (await latest()) === 3, { what: 'the next one' });
    await waitFor(() => seen.at(-1)?.value === 3, { what: 'the next one live' });
    expect(seen.map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  it('poisons nothing for ever with a sample of 2099', async () => {
    const sample = (time: number, value: number) =>
      JSON.stringify({ name: 'plc_value', time, value_ts: time, status: 'nominal', value });
    const nowSeconds = Date.now() / 1000;
    connection.publish('sensor.archive.plc.value', sample(nowSeconds, 1));
    connection.publish('sensor.archive.plc.value', sample(4_085_000_000, 2099));
    await connection.flush();
    // The stream's last message is no sample that anybody may have: the archive knows the last good one.
    await waitFor(
      async () => (await snapshotOf('plc')).map(({ sample: { value } }) => value).join() === '1',
      {
        what: 'the last good value',
      },
    );
    connection.publish('sensor.archive.plc.value', sample(nowSeconds + 1, 2));
    await waitFor(
      async () => (await snapshotOf('plc')).map(({ sample: { value } }) => value).join() === '2',
      {
        what: 'the value after it',
      },
    );
  });
});
