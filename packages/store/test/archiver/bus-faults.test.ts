import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Broker } from '@katbus/bus';
import { callService, type BusConnection } from '@katbus/bus/nats';
import { STORE_SUBJECTS, toSeconds, wallClockUs, type GapsPage } from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { ManagedNats } from '../managed-nats.ts';
import {
  everythingStored,
  fullHistory,
  publishSample,
  publishStored,
  testConnection,
  testFolder,
  WIND,
} from '../store-fixture.ts';
import { StoreProcess } from '../store-process.ts';

/** A store as a process of its own, a nats-server that is killed, put back and wiped under it, and what the store says was lost. */
class FaultySystem {
  readonly nats: ManagedNats;
  readonly connection: BusConnection;
  readonly directory: string;
  store: StoreProcess;
  #published = 0;

  private constructor(nats: ManagedNats, connection: BusConnection, directory: string, store: StoreProcess) {
    this.nats = nats;
    this.connection = connection;
    this.directory = directory;
    this.store = store;
  }

  static async start(): Promise<FaultySystem> {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const store = await StoreProcess.start(nats.url, directory, OPTIONS);
    const system = new FaultySystem(nats, connection, directory, store);
    await system.publish(5);
    await system.stored();
    return system;
  }

  /** Numbered samples: their values are the numbers. @returns the sequences */
  async publish(count: number): Promise<number[]> {
    const sequences: number[] = [];
    for (let place = 0; place < count; place++) {
      sequences.push(await publishSample(this.connection, { value: ++this.#published }));
    }
    return sequences;
  }

  async stored(): Promise<void> {
    await waitFor(() => everythingStored(this.connection), {
      what: `everything is stored (${this.store.output})`,
      timeoutMs: 40_000,
    });
  }

  /** The numbers that the archive has. */
  async numbers(): Promise<unknown[]> {
    return (await fullHistory(this.connection, WIND)).map(({ value }) => value);
  }

  async gaps(): Promise<GapsPage['gaps']> {
    return validate<GapsPage>('gapsPage', await callService(this.connection, STORE_SUBJECTS.gaps)).gaps;
  }

  async restartStore(): Promise<void> {
    this.store = await StoreProcess.start(this.nats.url, this.directory, OPTIONS);
  }

  purge(request: object = {}): Promise<unknown> {
    return this.connection.request('$JS.API.STREAM.PURGE.ARCHIVE', JSON.stringify(request));
  }

  upTo(last = this.#published): number[] {
    return Array.from({ length: last }, (_, place) => place + 1);
  }
}

const OPTIONS = ['--max-delay', '0.4', '--lease-seconds', '30'];

test('nats-server killed and started again, thrice: nothing is lost, and no gap is told', async () => {
  const system = await FaultySystem.start();
  for (let kill = 0; kill < 3; kill++) {
    const publishing = system.publish(20);
    await publishing;
    await system.nats.restart();
    await system.connection.whenConnected();
    await system.publish(5);
  }
  await system.stored();
  expect(await system.numbers()).toEqual(system.upTo());
  expect(await system.gaps()).toEqual([]);
}, 90_000);

test('its files put back as they were 8 s before: all that came before and after is there; a gap tells from when to when something may be missing, and why', async () => {
  const system = await FaultySystem.start();
  await system.nats.backUp();
  await system.connection.whenConnected();
  const lastSeconds = wallClockUs() / 1e6 + 8;
  while (wallClockUs() / 1e6 < lastSeconds) {
    await system.publish(1);
    await delay(100);
  }
  await system.stored();
  const [lastRead] = (await fullHistory(system.connection, WIND)).slice(-1);
  await system.nats.rollBack();
  await system.connection.whenConnected();
  const [sequence] = await system.publish(10);
  // Sequences go backwards: the new message has a number that another one had.
  expect(sequence).toBeLessThan(20);
  await waitFor(async () => (await system.numbers()).length === system.upTo().length, {
    what: `all are stored (${system.store.output})`,
    timeoutMs: 40_000,
  });
  expect(await system.numbers()).toEqual(system.upTo());
  const [gap, ...others] = await system.gaps();
  expect(others).toEqual([]);
  expect(gap).toMatchObject({ messages: 0, reason: expect.stringContaining('rolled back') as string });
  expect(gap!.from).toBeCloseTo(lastRead!.time, 0);
  expect(gap!.to).toBeGreaterThan(gap!.from);
  expect(gap!.to).toBeLessThan(wallClockUs() / 1e6);
  // Once more, as it is now: the new numbers are known.
  await system.nats.restart();
  await system.connection.whenConnected();
  await system.publish(3);
  await system.stored();
  expect(await system.gaps()).toHaveLength(1);
}, 120_000);

test('its files wiped: streams and attributes come again, and the gap says so', async () => {
  const system = await FaultySystem.start();
  const broker = await Broker.connect({ component: 'm000', servers: system.nats.url });
  try {
    broker.addSensor({ name: 'state', type: 'string' }).update('before');
    await broker.flush(10_000);
    await system.stored();
    await system.nats.wipe();
    await system.connection.whenConnected();
    await waitFor(() => publishSample(system.connection, { value: 6 }), {
      what: 'the stream is there',
      timeoutMs: 40_000,
    });
    await waitFor(async () => (await system.numbers()).length === 6, {
      what: 'it is stored',
      timeoutMs: 40_000,
    });
    expect(await system.gaps()).toMatchObject([
      { messages: 0, reason: expect.stringMatching(/wiped|rolled back|made anew/) as string },
    ]);
    // What the component had announced is in the new stream, because the store asked for it.
    const inStream = async () => {
      const request = JSON.stringify({ last_by_subj: 'attributes.m000' });
      const answer = await system.connection.request('$JS.API.STREAM.MSG.GET.ARCHIVE', request);
      return (JSON.parse(Buffer.from(answer.data).toString()) as { message?: object }).message;
    };
    await waitFor(inStream, { what: 'the attributes are there again', timeoutMs: 20_000 });
  } finally {
    await broker.close();
  }
}, 120_000);

test('purged while the store is away, whole, up to a sequence, and by subject: the gaps have range, count, times and reason', async () => {
  const system = await FaultySystem.start();
  const away = async (during: () => Promise<void>) => {
    expect(await system.store.end('SIGTERM')).toBe(0);
    await during();
    await system.restartStore();
    await system.stored();
  };
  // All of it, with nothing after: what went is told when the next message comes.
  await away(async () => {
    await system.publish(4);
    await system.purge();
  });
  expect(await system.gaps()).toEqual([]);
  const before = toSeconds(wallClockUs());
  await system.publish(1);
  await system.stored();
  const [whole] = await system.gaps();
  expect(whole).toMatchObject({ fromSequence: 6, toSequence: 9, messages: 4 });
  expect(whole!.from).toBeLessThan(whole!.to);
  expect(whole!.to).toBeGreaterThan(before - 1);
  // All but the last two.
  await away(async () => {
    await system.publish(6);
    await system.purge({ keep: 2 });
  });
  expect((await system.gaps())[1]).toMatchObject({ fromSequence: 11, toSequence: 14, messages: 4 });
  // Every second message: a hole each, and of many of them one row.
  await away(async () => {
    for (let round = 0; round < 60; round++) {
      await publishStored(system.connection, 'sensor.archive.wx.rain', '{}');
      await system.publish(1);
    }
    await system.purge({ filter: 'sensor.archive.wx.rain' });
  });
  const holes = (await system.gaps()).slice(2);
  expect(holes.length).toBeLessThanOrEqual(16);
  expect(holes.reduce((sum, { messages }) => sum + messages, 0)).toBe(60);
  expect(holes[0]!.fromSequence).toBe(17);
  expect(holes.at(-1)!.toSequence).toBe(135);
  expect(holes.every(({ reason }) => reason.includes('let them go'))).toBe(true);
  const numbers = await system.numbers();
  expect(numbers).toEqual(system.upTo().filter((value) => ![6, 7, 8, 9, 11, 12, 13, 14].includes(value)));
  expect(await system.store.metric('gap_messages_total')).toBe(60);
}, 120_000);

test('purged of what is stored already, its consumer deleted again and again: nothing is lost, and no gap is told', async () => {
  const system = await FaultySystem.start();
  for (let round = 0; round < 4; round++) {
    await system.publish(10);
    await system.stored();
    await system.purge(round % 2 === 0 ? {} : { filter: 'sensor.archive.>' });
    for (const consumer of await consumersOf(system.connection)) {
      await system.connection.request(`$JS.API.CONSUMER.DELETE.ARCHIVE.${consumer}`);
    }
    await system.publish(3);
  }
  await system.stored();
  expect(await system.numbers()).toEqual(system.upTo());
  expect(await system.gaps()).toEqual([]);
}, 90_000);

test('frozen under a flood until the server has given it up: it comes back, and has everything', async () => {
  const system = await FaultySystem.start();
  const large = 'x'.repeat(100_000);
  system.store.signal('SIGSTOP');
  // More than the sockets between them hold.
  for (let place = 0; place < 400; place++) {
    await publishSample(system.connection, { address: { component: 'wx', sensor: 'notes' }, value: large });
  }
  await system.publish(10);
  await delay(12_000);
  system.store.signal('SIGCONT');
  await system.stored();
  expect(await system.numbers()).toEqual(system.upTo());
  expect(await fullHistory(system.connection, { component: 'wx', sensor: 'notes', limit: 2 })).toHaveLength(
    400,
  );
  expect(await system.gaps()).toEqual([]);
}, 120_000);

async function consumersOf(connection: BusConnection): Promise<string[]> {
  const answer = await connection.request('$JS.API.CONSUMER.NAMES.ARCHIVE');
  const { consumers } = JSON.parse(Buffer.from(answer.data).toString()) as { consumers?: string[] | null };
  const names = (consumers ?? []).filter((name) => name.startsWith('archiver-'));
  expect(names).toHaveLength(1);
  return names;
}
