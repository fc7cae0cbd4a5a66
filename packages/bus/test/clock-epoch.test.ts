import { parseAttributes, parseSample, RESEND_HEADER, wallClockUs, type Heartbeat } from '@katbus/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broker, type BrokerEvent } from '@katbus/bus';
import { BusConnection, setupStreams } from '@katbus/bus/nats';
import { waitFor } from '../../../test/support/wait-for.ts';
import { startTestServer, type TestServer } from './nats/test-server.ts';

interface Seen {
  readonly subject: string;
  readonly text: string;
  readonly resend: string | undefined;
}

let server: TestServer;
let watcher: BusConnection;
let seen: Seen[];
/** How far the component's clock is off. */
let offsetUs: number;
let brokers: Broker[];

beforeEach(async () => {
  server = await startTestServer();
  watcher = await BusConnection.connect({ servers: server.url, name: 'watcher', reconnectDelayMs: 20 });
  await setupStreams(watcher);
  seen = [];
  offsetUs = 0;
  brokers = [];
  for (const pattern of ['sensor.>', 'attributes.>', 'heartbeat.>']) {
    watcher.subscribe(pattern, (message) => {
      const text = Buffer.from(message.data).toString();
      seen.push({ subject: message.subject, text, resend: message.header(RESEND_HEADER) });
    });
  }
  await watcher.flush();
});

afterEach(async () => {
  for (const broker of brokers) await broker.close();
  await watcher.close();
  await server[Symbol.asyncDispose]();
});

async function join(): Promise<Broker> {
  const broker = await Broker.connect({
    component: 'wx',
    servers: server.url,
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
    sampling: { archiveIntervalSeconds: 0 },
    wallClockUs: () => wallClockUs() + offsetUs,
  });
  brokers.push(broker);
  return broker;
}

const samples = () => seen.filter(({ subject }) => subject.startsWith('sensor.'));
const timesOf = (token: string) =>
  samples()
    .filter(({ subject }) => subject.endsWith(`.${token}`))
    .map(({ text }) => parseSample(text).time);
const setBack = async (bySeconds: number) => {
  offsetUs -= bySeconds * 1e6;
  // The broker looks at the wall clock once a millisecond.
  await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('a component whose clock is set back', () => {
  it('announces the new epoch before the first sample in it, of every sensor, and tells of it', async () => {
    const broker = await join();
    const events: BrokerEvent[] = [];
    broker.onEvent((event) => events.push(event));
    const [a, b] = ['a', 'b', 'quiet'].map((name) => broker.addSensor({ name, type: 'integer' }));
    a!.update(1);
    b!.update(1);
    await broker.flush(5_000);
    await setBack(600);
    a!.update(2);
    await setBack(0);
    b!.update(2);
    a!.update(3);
    await waitFor(() => samples().length === 5, { what: 'all samples' });
    await waitFor(() => seen.filter(({ text }) => text.includes('clock_epoch')).length === 3, {
      what: 'the epoch of all three sensors',
    });
    const [first, second, third] = timesOf('a') as [number, number, number];
    expect(first - second).toBeGreaterThan(598);
    expect(third).toBeGreaterThan(second);
    expect(events.filter(({ type }) => type === 'clock-set-back')).toMatchObject([
      { bySeconds: expect.closeTo(600, 0) as number, clockEpoch: second },
    ]);
    expect(broker.clockSetBackCount).toBe(1);
    for (const token of ['a', 'b']) {
      const place = (test: (entry: Seen) => boolean) => seen.findIndex(test);
      const announced = place(
        ({ text, subject }) =>
          subject === 'attributes.wx' && text.includes(`"wx_${token}"`) && text.includes('clock_epoch'),
      );
      const firstOfEpoch = place(
        ({ text, subject }) => subject.endsWith(`.${token}`) && text.includes('"value":2'),
      );
      expect(announced).toBeLessThan(firstOfEpoch);
      expect(parseAttributes(seen[announced]!.text)[0]).toMatchObject({ clock_epoch: second });
    }
    const beats = seen.filter(({ subject }) => subject === 'heartbeat.wx');
    expect((JSON.parse(beats.at(-1)!.text) as Heartbeat).clockEpoch).toBe(second);
  });

  it('marks what it sends again with the epoch in which it was made, and a heartbeat with the newest goes before', async () => {
    const broker = await join();
    const sensor = broker.addSensor({ name: 'a', type: 'integer' });
    sensor.update(0);
    await broker.flush(5_000);
    await server.stop('SIGKILL');
    await waitFor(() => !watcher.connected, { what: 'the loss of the server' });
    sensor.update(1);
    await setBack(600);
    sensor.update(2);
    const before = seen.length;
    await server.start();
    expect(await broker.flush(20_000)).toBe(true);
    await watcher.whenConnected();
    // Whether our watcher was there in time is chance; the streams hold what was sent.
    const stored: Seen[] = [];
    for (let sequence = 1; stored.length < 2; sequence += 1) {
      const { storedMessage } = await import('@katbus/bus/nats');
      const message = await storedMessage(watcher, 'ARCHIVE', sequence);
      if (message === undefined) break;
      const resend = message.header(RESEND_HEADER);
      const text = Buffer.from(message.data).toString();
      if (resend !== undefined && message.subject.startsWith('sensor.'))
        stored.push({ subject: message.subject, text, resend });
    }
    expect(stored.map(({ text, resend }) => [parseSample(text).value, resend])).toEqual([
      [1, '1'],
      [2, String(parseSample(stored[1]!.text).time)],
    ]);
    const after = seen.slice(before);
    const place = after.findIndex(({ resend }) => resend !== undefined);
    const beat = after.findIndex(
      ({ subject, text }) => subject === 'heartbeat.wx' && text.includes('clockEpoch'),
    );
    if (place !== -1) expect(beat).toBeLessThan(place);
  });

  it('begins an epoch when that happened while it did not run, and goes on in it after the next start', async () => {
    const first = await join();
    first.addSensor({ name: 'a', type: 'integer' }).update(1);
    await first.close();
    await setBack(600);
    const second = await join();
    expect(second.clockSetBackCount).toBe(1);
    second.addSensor({ name: 'a', type: 'integer' }).update(2);
    await second.close();
    const third = await join();
    expect(third.clockSetBackCount).toBe(0);
    third.addSensor({ name: 'a', type: 'integer' }).update(3);
    await third.flush(5_000);
    await waitFor(() => timesOf('a').length === 3, { what: 'the samples of all three' });
    const epochs = seen
      .filter(({ subject }) => subject === 'attributes.wx')
      .map(({ text }) => parseAttributes(text)[0]?.clock_epoch);
    expect(epochs[0]).toBeUndefined();
    expect(epochs[1]).toBeDefined();
    expect(epochs[2]).toBe(epochs[1]);
    const [one, two, three] = timesOf('a') as [number, number, number];
    expect(one - two).toBeGreaterThan(590);
    expect(three).toBeGreaterThan(two);
  });

  it('needs no streams to start', async () => {
    await watcher.request('$JS.API.STREAM.DELETE.ARCHIVE');
    const broker = await join();
    broker.addSensor({ name: 'a', type: 'integer' }).update(1);
    expect(broker.clockSetBackCount).toBe(0);
    await setupStreams(watcher);
  });
});
