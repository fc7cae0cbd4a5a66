import { hostname } from 'node:os';
import { outranks, type ClaimRequest, type Heartbeat } from '@katbus/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broker, NameTakenError, type BrokerEvent, type BrokerOptions } from '@katbus/bus';
import { BusConnection, BusService, setupStreams } from '@katbus/bus/nats';
import { NameClaim } from '../src/name-claim.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { startTestServer, type TestServer } from './nats/test-server.ts';
import { RunningComponent } from './running-component.ts';

let server: TestServer;
let watcher: BusConnection;
let brokers: Broker[];

beforeEach(async () => {
  server = await startTestServer();
  watcher = await BusConnection.connect({ servers: server.url, name: 'watcher' });
  await setupStreams(watcher);
  brokers = [];
});

afterEach(async () => {
  for (const broker of brokers) await broker.close();
  await watcher.close();
  await server[Symbol.asyncDispose]();
});

async function join(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = await Broker.connect({ component: 'wx', servers: server.url, ...options });
  brokers.push(broker);
  return broker;
}

function eventsOf(broker: Broker): BrokerEvent[] {
  const events: BrokerEvent[] = [];
  broker.onEvent((event) => events.push(event));
  return events;
}

async function heartbeats(): Promise<Heartbeat[]> {
  const seen: Heartbeat[] = [];
  watcher.subscribe('heartbeat.*', ({ data }) =>
    seen.push(JSON.parse(Buffer.from(data).toString()) as Heartbeat),
  );
  await watcher.flush();
  return seen;
}

describe('a component name', () => {
  it('belongs to one process: a second one is refused, and told who has it', async () => {
    const first = await join();
    const refusal = await join().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(NameTakenError);
    const other = { component: 'wx', instance: first.instance, host: hostname(), pid: process.pid };
    expect(refusal).toMatchObject({ code: 'NAME_TAKEN', component: 'wx', other });
    expect(String(refusal)).toContain(`process ${process.pid} on ${hostname()} since 20`);
    await join({ component: 'other' });
    // The one who has it goes on as if nothing had been.
    first.addSensor({ name: 'a', type: 'integer' }).update(1);
    expect(await first.flush(5_000)).toBe(true);
  });

  it('is given to who takes it over even when giving it up went wrong', async () => {
    const claim = (instance: string, takeover: boolean) =>
      NameClaim.make(watcher, {
        request: { component: 'wx', instance, host: 'here', pid: 1, since: 1_795_305_600, takeover },
        timeoutMs: 10_000,
        onYield: () => Promise.reject(new Error('the last flush failed')),
        onTwin: () => undefined,
      });
    const first = await claim('first', false);
    const startMs = performance.now();
    const second = await claim('second', true);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    first.release();
    second.release();
  });

  it('is free at once when its process has left', async () => {
    const first = await join();
    await first.close();
    const startMs = performance.now();
    await join();
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });

  it.each([2, 3, 5])('goes to exactly one of %i that start at one moment', async (count) => {
    for (let round = 0; round < 5; round += 1) {
      const attempts = await Promise.allSettled(
        Array.from({ length: count }, () => join({ component: `wx_${round}` })),
      );
      const joined = attempts.filter(({ status }) => status === 'fulfilled');
      expect(joined).toHaveLength(1);
      for (const attempt of attempts) {
        if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(NameTakenError);
      }
    }
  });

  it('is taken over when that is asked for: the first one is told, publishes nothing more and closes', async () => {
    const first = await join({ heartbeatSeconds: 0.1 });
    const sensor = first.addSensor({ name: 'a', type: 'integer' });
    sensor.update(1);
    const events = eventsOf(first);
    const beats = await heartbeats();
    const second = await join({ takeover: true });
    const [event] = events.filter(({ type }) => type === 'taken-over');
    expect(event).toMatchObject({ by: { instance: second.instance, pid: process.pid } });
    expect(() => sensor.update(2)).toThrow(/closed/);
    expect(first.publishing.archive).toMatchObject({ pending: 0, acknowledged: 2 });
    await first.close();
    await waitFor(() => beats.some(({ instance, leaving }) => instance === first.instance && leaving), {
      what: 'the goodbye of the first',
    });
    second.addSensor({ name: 'a', type: 'integer' }).update(3);
    expect(await second.flush(5_000)).toBe(true);
  });

  it('goes to one when two take it over at one moment', async () => {
    const first = await join();
    const attempts = await Promise.allSettled([join({ takeover: true }), join({ takeover: true })]);
    const events = eventsOf(first);
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(events).toEqual([]); // told before it closed, and only once
    expect(() => first.addSensor({ name: 'late', type: 'integer' })).toThrow(/closed/);
  });

  it('is not held up by a process that was killed', async () => {
    await using killed = new RunningComponent(server.url, 'wx');
    await killed.says('joined');
    await killed.kill('SIGKILL');
    const startMs = performance.now();
    await join();
    expect(performance.now() - startMs).toBeLessThan(1_500);
  });

  it('is given after a while when its process hangs; who wakes up again keeps it, and the younger one is told', async () => {
    await using hanging = new RunningComponent(server.url, 'wx');
    const { instance } = await hanging.says('joined');
    hanging.child.kill('SIGSTOP');
    const broker = await join({ claimTimeoutMs: 500 });
    const events = eventsOf(broker);
    hanging.child.kill('SIGCONT');
    const event = await waitFor(() => events.find(({ type }) => type === 'duplicate') ?? false, {
      what: 'the younger one to be told',
    });
    expect(event).toMatchObject({ other: { instance, pid: hanging.child.pid } });
    expect(hanging.said.some(({ type }) => type === 'duplicate')).toBe(false);
    expect(events.filter(({ type }) => type === 'duplicate')).toHaveLength(1);
  });

  it('is refused in another process too, in one line', async () => {
    await join();
    await using second = new RunningComponent(server.url, 'wx');
    const { message } = await second.says('refused');
    expect(message).toMatch(/^component wx is on the bus already: process \d+ on .*--takeover\)$/);
  });

  it('is not given beside a component of another kind, which knows nothing of claims', async () => {
    const metadata = { katbus: 'component', instance: 'plc-7' };
    const service = await BusService.start(watcher, {
      name: 'wx',
      version: '1.0.0',
      metadata,
      endpoints: [],
    });
    await expect(join()).rejects.toMatchObject({ code: 'NAME_TAKEN', other: { instance: 'plc-7' } });
    await join({ takeover: true });
    await service.stop();
  });

  it('is claimed undisturbed by rubbish on its subject', async () => {
    watcher.subscribe('rpc.claim.wx', (message) => {
      message.respond('no json');
      message.respond(JSON.stringify({ state: 'present' }));
    });
    await watcher.flush();
    const broker = await join({ claimTimeoutMs: 200 });
    for (const text of ['', '{}', 'no json']) watcher.publish('rpc.claim.wx', text);
    await watcher.flush();
    await expect(join()).rejects.toMatchObject({ other: { instance: broker.instance } });
  });
});

describe('the rule of two claims', () => {
  const claim = fc.record({
    instance: fc.constantFrom('a', 'b', 'c', 'd'),
    since: fc.constantFrom(1, 2, 3),
    takeover: fc.boolean(),
  });

  it('is a total order, so that all who compare agree on one', () => {
    fc.assert(
      fc.property(fc.uniqueArray(claim, { selector: ({ instance }) => instance, minLength: 2 }), (claims) => {
        const best = claims.filter((one) => claims.every((other) => one === other || outranks(one, other)));
        expect(best).toHaveLength(1);
        for (const one of claims)
          for (const other of claims)
            if (one !== other) expect(outranks(one, other)).toBe(!outranks(other, one));
      }),
    );
  });

  it('puts a takeover first, then who came first', () => {
    const [early, late]: Pick<ClaimRequest, 'instance' | 'since'>[] = [
      { instance: 'z', since: 1 },
      { instance: 'a', since: 2 },
    ];
    expect(outranks(early!, late!)).toBe(true);
    expect(outranks(early!, { ...late!, takeover: true })).toBe(false);
  });
});
