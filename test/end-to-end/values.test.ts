import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker, ComponentValue, SensorDefinition, UpdateOptions } from '@katbus/bus';
import type { PortalClient } from '@katbus/client';
import type { Sample, SampleValue } from '@katbus/protocol';
import { LiveSystem } from '../support/live-system.ts';
import { waitFor } from '../support/wait-for.ts';

interface Case {
  readonly name: string;
  readonly type: SensorDefinition['type'];
  readonly value: ComponentValue;
  readonly travels: SampleValue;
  readonly options?: UpdateOptions;
}

const LONG = Array.from({ length: 10_000 }, (_, place) => Math.sin(place));

const CASES: readonly Case[] = [
  { name: 'nan', type: 'float', value: NaN, travels: 'NaN' },
  { name: 'infinite', type: 'float', value: -Infinity, travels: '-Infinity' },
  { name: 'zero', type: 'integer', value: 0, travels: 0 },
  { name: 'largest', type: 'integer', value: Number.MAX_SAFE_INTEGER, travels: Number.MAX_SAFE_INTEGER },
  { name: 'tiny', type: 'float', value: 5e-324, travels: 5e-324 },
  { name: 'empty', type: 'string', value: '', travels: '' },
  { name: 'text', type: 'string', value: 'NaN "ä\n\u0000😀', travels: 'NaN "ä\n\u0000😀' },
  { name: 'nan-text', type: 'string', value: 'NaN', travels: 'NaN' },
  { name: 'false', type: 'boolean', value: false, travels: false },
  { name: 'none', type: 'float', value: null, travels: null, options: { status: 'unreachable' } },
  { name: 'discrete', type: 'discrete', value: 'slewing', travels: 'slewing' },
  { name: 'timestamp', type: 'timestamp', value: 1795305601.366265, travels: 1795305601.366265 },
  { name: 'address', type: 'address', value: '[::1]:7147', travels: '[::1]:7147' },
  { name: 'lru', type: 'lru', value: 'error', travels: 'error', options: { status: 'error' } },
  { name: 'long', type: 'float[]', value: LONG, travels: LONG },
  { name: 'no-elements', type: 'float[]', value: [], travels: [] },
  { name: 'mixed', type: 'float[]', value: [1, NaN, Infinity], travels: [1, 'NaN', 'Infinity'] },
];

let system: LiveSystem;
let broker: Broker;
let client: PortalClient;
const live = new Map<string, Sample>();
const started = Date.now() / 1000 - 1;

beforeAll(async () => {
  system = await LiveSystem.start();
  broker = await system.join('probe');
  client = system.client();
  await client.subscribe(['sensor.*.probe.>'], { onSample: (sample) => live.set(sample.name, sample) }).ready;
  for (const { name, type } of CASES) {
    broker.addSensor({ name, type, params: type === 'discrete' ? ['parked', 'slewing'] : [] });
  }
  for (const { name, value, options } of CASES) broker.update(name, value, options);
});

afterAll(async () => {
  await system.stop();
});

it.each(CASES)('$name arrives at a client as it was published', async ({ name, travels, options }) => {
  const sample = await waitFor(() => live.get(`probe_${name.replace('-', '_')}`), {
    what: `a live sample of ${name}`,
  });
  expect(sample.value).toStrictEqual(travels);
  expect(sample.status).toBe(options?.status ?? 'nominal');
});

it.each(CASES)('$name is read back from history as it was published', async ({ name, travels, options }) => {
  const sensor = `probe.${name}`;
  const archived = await waitFor(
    async () => (await client.history({ sensor, start: started, end: started + 600 })).samples[0],
    { what: `an archived sample of ${name}` },
  );
  expect(archived.value).toStrictEqual(travels);
  expect(archived.status).toBe(options?.status ?? 'nominal');
  const sample = live.get(`probe_${name.replace('-', '_')}`);
  expect(archived).toMatchObject({ time: sample?.time, value_ts: sample?.value_ts });
});

it('a client that comes later gets all of them as its snapshot', async () => {
  const late = system.client();
  const snapshot = new Map<string, Sample>();
  const subscription = late.subscribe(['sensor.*.probe.>'], {
    onSnapshot: (page) => {
      for (const { sample } of page.samples) snapshot.set(sample.name, sample);
    },
  });
  expect((await subscription.ready).count).toBe(CASES.length);
  await waitFor(() => snapshot.size === CASES.length, { what: 'the whole snapshot' });
  for (const [name, sample] of live) expect(snapshot.get(name)).toStrictEqual(sample);
});

it('CSV and JSON over HTTP carry them too', async () => {
  const query = `sensor=probe.mixed&start=${started}&end=now`;
  const json = (await (await fetch(`${system.portalUrl}/api/history?${query}&format=json`)).json()) as {
    value: SampleValue;
  }[];
  expect(json[0]?.value).toEqual([1, 'NaN', 'Infinity']);
  const csv = await (await fetch(`${system.portalUrl}/api/history?${query}&format=csv`)).text();
  expect(csv).toContain('[1,""NaN"",""Infinity""]');
});
