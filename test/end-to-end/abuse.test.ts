import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSample, wallClockUs, type Attributes, type Sample } from '@katbus/protocol';
import { BusConnection, publishStored } from '@katbus/bus/nats';
import { NATS_SERVER_DEFAULTS } from '@katbus/cli/nats-server';
import { LiveSystem } from '../support/live-system.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

/**
 * Much of everything: large samples, large attributes, deep JSON, half frames, floods of control frames. Nothing of it may stop a daemon or cost a neighbour a sample.
 * The server takes messages of 8 MB here, so that what is larger than ours usually are gets to the daemons at all.
 */
const MIB = 1024 * 1024;
let system: LiveSystem;
let bus: BusConnection;
let folder: TemporaryFolder;
const seen: number[] = [];
let ticking: NodeJS.Timeout;
let published = 0;

beforeAll(async () => {
  folder = await temporaryFolder('abuse');
  const configFile = join(folder.path, 'nats.conf');
  const ours = await readFile(NATS_SERVER_DEFAULTS.configFile, 'utf8');
  await writeFile(configFile, ours.replace('max_payload: 1MB', 'max_payload: 8MB'));
  system = await LiveSystem.start({ nats: { configFile } });
  bus = await BusConnection.connect({ servers: system.nats.url, name: 'abuse' });
  await system.client().subscribe(['sensor.*.neighbour.>'], {
    onSample: ({ value }: Sample) => seen.push(value as number),
  }).ready;
  const broker = await system.join('neighbour');
  const counter = broker.addSensor({
    name: 'count',
    type: 'integer',
    sampling: { archiveIntervalSeconds: 0 },
  });
  ticking = setInterval(() => counter.update((published += 1)), 5);
});

afterAll(async () => {
  clearInterval(ticking);
  await waitFor(() => seen.length >= published, { what: 'the last sample of the neighbour' });
  expect(seen).toEqual(Array.from({ length: published }, (_, place) => place + 1));
  await bus.close();
  await system.stop();
  await folder.remove();
});

async function archived(sensor: string): Promise<readonly Pick<Sample, 'value' | 'status'>[]> {
  const end = Date.now() / 1000 + 60;
  const page = await system
    .client()
    .history({ sensor, start: 0, end })
    .catch(() => undefined);
  return page?.samples ?? [];
}

async function publishSample(component: string, sensor: string, value: unknown): Promise<void> {
  const nowUs = wallClockUs();
  const plain = encodeSample(`${component}_${sensor}`, nowUs, nowUs, 'nominal', 'VALUE');
  await publishStored(
    bus,
    `sensor.archive.${component}.${sensor}`,
    plain.replace('"VALUE"', JSON.stringify(value)),
  );
}

describe('large samples', () => {
  it('of 10,000 elements go from component to client and archive, with what is not finite', async () => {
    const broker = await system.join('spectrum');
    const bins = broker.addSensor({ name: 'bins', type: 'float[]' });
    const values = Array.from({ length: 10_000 }, (_, place) => (place % 100 === 0 ? NaN : Math.sqrt(place)));
    const got: Sample[] = [];
    await system.client().subscribe(['sensor.*.spectrum.>'], { onSample: (one) => got.push(one) }).ready;
    bins.update(values);
    await waitFor(() => got.length > 0, { what: 'the live sample' });
    const expected = values.map((value) => (Number.isNaN(value) ? 'NaN' : value));
    expect(got[0]?.value).toEqual(expected);
    const [kept] = await waitFor(
      async () => {
        const found = await archived('spectrum.bins');
        return found.length > 0 ? found : undefined;
      },
      { what: 'the archived sample' },
    );
    expect(kept?.value).toEqual(expected);
  });

  it('of 5 MB are stored, and given to a client and in the history', async () => {
    const value = 'x'.repeat(5 * MIB);
    const got: Sample[] = [];
    await system.client().subscribe(['sensor.*.huge.>'], { onSample: (one) => got.push(one) }).ready;
    await publishSample('huge', 'text', value);
    await publishSample('huge', 'after', 1);
    await waitFor(() => got.some(({ name }) => name === 'huge_after'), { what: 'the sample after it' });
    expect(got.find(({ name }) => name === 'huge_text')?.value).toBe(value);
    const kept = await waitFor(
      async () => {
        const found = await archived('huge.text');
        return found.length > 0 ? found : undefined;
      },
      { what: 'the archived sample', timeoutMs: 20_000 },
    );
    expect(kept[0]?.value).toBe(value);
  });
});

describe('integers', () => {
  it('beyond 2^53-1 are refused by the broker, and quarantined when others publish them', async () => {
    const broker = await system.join('counting');
    const count = broker.addSensor({ name: 'count', type: 'integer' });
    for (const value of [2 ** 53, -(2 ** 53), 1e300, 0.5, NaN]) {
      expect(() => count.update(value), String(value)).toThrow(/value/);
    }
    count.update(Number.MAX_SAFE_INTEGER);
    await waitFor(async () => (await archived('counting.count')).length === 1, {
      what: 'the largest integer',
    });
    const before = await system.metric('store', 'quarantined_total', { reason: 'type' });
    await publishSample('counting', 'count', 2 ** 53);
    await waitFor(
      async () => (await system.metric('store', 'quarantined_total', { reason: 'type' })) === before + 1,
      { what: 'the quarantined integer' },
    );
    expect((await archived('counting.count')).map(({ value }) => value)).toEqual([Number.MAX_SAFE_INTEGER]);
  });
});

describe('attributes', () => {
  const many = (count: number): Attributes[] =>
    Array.from({ length: count }, (_, place) => ({ name: `many_s${place}`, type: 'float' }));

  it('of 10,000 sensors in one message are refused, and those that fit into 256 kB are taken', async () => {
    const before = await system.metric('store', 'quarantined_total', { reason: 'attributes' });
    const tooMany = JSON.stringify(many(10_000));
    expect(tooMany.length).toBeGreaterThan(256 * 1024);
    await publishStored(bus, 'attributes.many', tooMany);
    await waitFor(
      async () =>
        (await system.metric('store', 'quarantined_total', { reason: 'attributes' })) === before + 1,
      { what: 'the quarantined attributes' },
    );
    await publishStored(bus, 'attributes.many', JSON.stringify(many(5_000)));
    const client = system.client();
    const known = async () => {
      let count = 0;
      for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
        const page = await client.sensors({ component: 'many', limit: 5_000, ...(after && { after }) });
        count += page.sensors.length;
        after = page.next;
      }
      return count;
    };
    await waitFor(async () => (await known()) === 5_000, {
      what: 'the sensors in the catalogue',
      timeoutMs: 20_000,
    });
  });

  it.each([
    ['attributes', (deep: string) => ['attributes.deep', `{"name":"deep_x","params":${deep}}`]],
    ['value', (deep: string) => ['sensor.archive.deep.x', `{"name":"deep_x","value":${deep}}`]],
  ] as const)('nested without end (%s) are quarantined, and the archiver goes on', async (_what, message) => {
    const before = await system.metric('store', 'quarantined_total');
    const [subject, payload] = message('['.repeat(100_000) + ']'.repeat(100_000)) as [string, string];
    await publishStored(bus, subject, payload);
    await waitFor(async () => (await system.metric('store', 'quarantined_total')) === before + 1, {
      what: 'one more in quarantine',
    });
  });
});

describe('a websocket', () => {
  const PING = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125, 1)]);
  const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

  const lost = () => system.metric('portal', 'closes_total', { code: '1006' });

  async function rawSession(): Promise<Socket> {
    const { hostname, port, host } = new URL(system.portalUrl);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    );
    await once(socket, 'data');
    return socket;
  }

  it('that sends more pings than may wait for their pongs is cut, and one that waits for them is served', async () => {
    const before = await lost();
    const flooding = await rawSession();
    const closed = new Promise((resolve) => flooding.once('close', resolve));
    flooding.write(Buffer.concat(Array.from({ length: 1_000 }, () => PING)));
    await closed;
    expect(await lost()).toBe(before + 1);

    const patient = await rawSession();
    for (let round = 0; round < 200; round += 1) {
      patient.write(PING);
      const [pong] = (await once(patient, 'data')) as [Buffer];
      expect(pong[0]).toBe(0x8a);
    }
    patient.destroy();
  });

  it('that floods pongs which nobody asked for costs its neighbour nothing', async () => {
    const socket = await rawSession();
    const flood = Buffer.concat(Array.from({ length: 1_000 }, () => PONG));
    for (let round = 0; round < 100; round += 1) if (!socket.write(flood)) await once(socket, 'drain');
    const behind = seen.length;
    await waitFor(() => seen.length > behind + 10, { what: 'the neighbour to go on' });
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  it('that sends half a frame and leaves is gone at once', async () => {
    const before = await lost();
    const halves = await Promise.all(Array.from({ length: 20 }, rawSession));
    // FIN + text with a length of 1,000 bytes, and ten of them.
    for (const half of halves)
      half.write(Buffer.from([0x81, 0xfe, 0x03, 0xe8, 0, 0, 0, 0, ...new Array<number>(10).fill(0x20)]));
    for (const half of halves) half.destroy();
    await waitFor(async () => (await lost()) >= before + 20, { what: 'the sessions to be gone' });
  });
});
