import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { encodeSample, wallClockUs, type Sample } from '@katbus/protocol';
import { BusConnection, publishStored } from '@katbus/bus/nats';
import { LiveSystem } from '../support/live-system.ts';
import { waitFor } from '../support/wait-for.ts';

/**
 * Rubbish of every kind goes to the bus, to the archiver and to the portal. Each kind gets its documented answer and is counted;
 * meanwhile a neighbour watches a sensor that counts, and must see every number once.
 */
let system: LiveSystem;
let bus: BusConnection;
const seen: number[] = [];
let ticking: NodeJS.Timeout;
let published = 0;

beforeAll(async () => {
  system = await LiveSystem.start();
  bus = await BusConnection.connect({ servers: system.nats.url, name: 'rubbish' });
  const neighbour = system.client();
  await neighbour.subscribe(['sensor.*.neighbour.>'], {
    onSample: ({ value }: Sample) => seen.push(value as number),
  }).ready;
  const broker = await system.join('neighbour');
  const counter = broker.addSensor({
    name: 'count',
    type: 'integer',
    sampling: { archiveIntervalSeconds: 0 },
  });
  ticking = setInterval(() => counter.update((published += 1)), 2);
});

afterAll(async () => {
  clearInterval(ticking);
  const all = Array.from({ length: published }, (_, place) => place + 1);
  await waitFor(() => seen.length >= published, { what: 'the last sample of the neighbour' });
  expect(seen).toEqual(all);
  await bus.close();
  await system.stop();
});

/** A well-formed sample of rubbish.x, to be spoilt. */
function sample(change: Record<string, unknown> = {}): string {
  const nowUs = wallClockUs();
  return JSON.stringify({
    ...(JSON.parse(encodeSample('rubbish_x', nowUs, nowUs, 'nominal', 1)) as object),
    ...change,
  });
}

describe('rubbish on the bus', () => {
  const notUtf8 = Buffer.from(sample({ value: 'x' }));
  notUtf8[notUtf8.lastIndexOf('x')] = 0xff;

  it.each([
    ['no JSON', 'undecodable', 'sensor.archive.rubbish.x', 'rubbish'],
    ['invalid UTF-8', 'undecodable', 'sensor.archive.rubbish.x', notUtf8],
    ['half a sample', 'undecodable', 'sensor.archive.rubbish.x', sample().slice(0, 40)],
    ['a name of another sensor', 'name', 'sensor.archive.rubbish.x', sample({ name: 'other_x' })],
    ['no such status', 'status', 'sensor.archive.rubbish.x', sample({ status: 'fine' })],
    ['a time in 2099', 'time', 'sensor.archive.rubbish.x', sample({ time: 4_070_908_800 })],
    ['no time', 'time', 'sensor.archive.rubbish.x', sample({ time: null })],
    ['an object as value', 'value', 'sensor.archive.rubbish.x', sample({ value: { a: 1 } })],
    ['a subject too short', 'subject', 'sensor.archive.rubbish', sample()],
    ['a subject too long', 'subject', 'sensor.archive.rubbish.x.y', sample()],
    ['attributes without a name', 'attributes', 'attributes.rubbish', '{}'],
  ])('%s is put into quarantine as "%s"', async (_what, reason, subject, payload) => {
    const before = await system.metric('store', 'quarantined_total', { reason });
    await publishStored(bus, subject, payload);
    await waitFor(
      async () => (await system.metric('store', 'quarantined_total', { reason })) === before + 1,
      {
        what: `one more in quarantine as ${reason}`,
      },
    );
  });

  it('of the wrong type is put into quarantine once the attributes say so', async () => {
    await publishStored(
      bus,
      'attributes.rubbish',
      JSON.stringify({ name: 'rubbish_typed', type: 'boolean' }),
    );
    const nowUs = wallClockUs();
    await publishStored(
      bus,
      'sensor.archive.rubbish.typed',
      encodeSample('rubbish_typed', nowUs, nowUs, 'nominal', 7),
    );
    await waitFor(async () => (await system.metric('store', 'quarantined_total', { reason: 'type' })) === 1, {
      what: 'one in quarantine as type',
    });
  });

  it('is not handed to clients, and counted by the portal', async () => {
    const client = system.client();
    const got: Sample[] = [];
    await client.subscribe(['sensor.normal.rubbish.>'], { onSample: (one) => got.push(one) }).ready;
    const before = await system.metric('portal', 'malformed_total');
    bus.publish('sensor.normal.rubbish.x', 'rubbish');
    bus.publish('sensor.normal.rubbish.x', sample({ status: 'fine' }));
    bus.publish('sensor.normal.rubbish.x', sample({ name: 'other_x' }));
    bus.publish('sensor.normal.rubbish.x', sample({ value: 'good' }));
    await waitFor(() => got.length > 0, { what: 'the good sample' });
    expect(got.map(({ value }) => value)).toEqual(['good']);
    expect(await system.metric('portal', 'malformed_total')).toBe(before + 3);
  });
});

/** Opens a raw websocket and gives what happened to it. */
async function openSocket() {
  const socket = new WebSocket(system.websocketUrl);
  const answers: { id: unknown; error?: { code: number } }[] = [];
  socket.on('message', (data) =>
    answers.push(JSON.parse((data as Buffer).toString()) as (typeof answers)[number]),
  );
  socket.on('error', () => undefined); // the close code tells
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('open', resolve));
  return { socket, answers, closed };
}

describe('rubbish on a websocket', () => {
  it.each([
    [-32700, 'no json'],
    [-32700, '{"jsonrpc":"2.0"'],
    [-32600, '[]'],
    [-32600, '7'],
    [-32600, '{"jsonrpc":"1.0","id":1,"method":"info"}'],
    [-32601, '{"jsonrpc":"2.0","id":1,"method":"no.such"}'],
    [-32602, '{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{}}'],
    [-32602, '{"jsonrpc":"2.0","id":1,"method":"history","params":{"sensor":"x","start":0,"end":1}}'],
    [-32001, '{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"subjects":[">"]}}'],
    [-32001, '{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"subjects":["*.archive.>"]}}'],
    [-32001, '{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"subjects":["$JS.API.>"]}}'],
    [-32003, '{"jsonrpc":"2.0","id":1,"method":"unsubscribe","params":{"id":99}}'],
  ])('is answered with %i: %s', async (code, text) => {
    const { socket, answers } = await openSocket();
    socket.send(text);
    const [answer] = await waitFor(() => (answers.length > 0 ? answers : undefined), { what: 'an answer' });
    expect(answer?.error?.code).toBe(code);
    socket.terminate();
  });

  it.each([
    [1003, 'a binary frame', (socket: WebSocket) => socket.send(Buffer.from('{}'))],
    [1009, 'a giant frame', (socket: WebSocket) => socket.send('x'.repeat(2 * 1024 * 1024))],
    [
      4010,
      'rubbish without end',
      (socket: WebSocket) => {
        for (let frame = 0; frame < 25; frame += 1) socket.send('rubbish');
      },
    ],
  ])('is closed with %i: %s', async (code, _what, act) => {
    const before = await system.metric('portal', 'closes_total', { code: String(code) });
    const { socket, closed } = await openSocket();
    act(socket);
    expect(await closed).toBe(code);
    expect(await system.metric('portal', 'closes_total', { code: String(code) })).toBe(before + 1);
  });

  it('is closed with 1007 when it is not UTF-8', async () => {
    const raw = await rawSession();
    // FIN + text, masked with zeros, one byte that begins no UTF-8 character.
    raw.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]));
    const frame = await new Promise<Buffer>((resolve) => raw.once('data', resolve));
    expect(frame.readUInt16BE(2)).toBe(1007);
    raw.destroy();
  });

  it(
    'and a client that never reads is closed with 4008 by the clock, while the neighbour goes on',
    { timeout: 60_000 },
    async () => {
      const raw = await rawSession();
      raw.pause();
      raw.write(
        textFrame('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"subjects":["sensor.*.flood.>"]}}'),
      );
      const flood = await system.join('flood');
      const sensor = flood.addSensor({
        name: 'text',
        type: 'string',
        sampling: { archiveIntervalSeconds: 0 },
      });
      let count = 0;
      const load = setInterval(() => sensor.update(`${(count += 1)} ${'x'.repeat(100_000)}`), 5);
      await waitFor(async () => (await system.metric('portal', 'closes_total', { code: '4008' })) === 1, {
        what: 'the close of the client that does not read',
        timeoutMs: 40_000,
      });
      clearInterval(load);
      raw.destroy();
    },
  );
});

/** A websocket of our own making, so that it can be silent, slow or wrong. */
async function rawSession(): Promise<Socket> {
  const { hostname, port, host } = new URL(system.portalUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
