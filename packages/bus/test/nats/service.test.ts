import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { BusConnection, BusService, callService, callServiceText, discoverServices } from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;
let client: BusConnection;

beforeAll(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({ servers: server.url, name: 'service' });
  client = await BusConnection.connect({ servers: server.url, name: 'client' });
});

afterAll(async () => {
  await connection.close();
  await client.close();
  await server[Symbol.asyncDispose]();
});

class FieldError extends Error {
  readonly code = 'MALFORMED';
  readonly field = 'filter';
}

test('answers bytes, text, objects and chunks of its own', async () => {
  const service = await BusService.start(connection, {
    name: 'kinds',
    version: '1.2.3',
    endpoints: [
      { name: 'object', subject: 'rpc.kinds.object', handler: () => ({ answer: 42 }) },
      { name: 'text', subject: 'rpc.kinds.text', handler: () => Promise.resolve('"as it is"') },
      { name: 'bytes', subject: 'rpc.kinds.bytes', handler: (message) => message.data },
      {
        name: 'chunks',
        subject: 'rpc.kinds.chunks',
        handler: (message) => {
          message.respond('1');
          message.respond('2');
          return undefined;
        },
      },
    ],
  });
  expect(await callService(client, 'rpc.kinds.object')).toEqual({ answer: 42 });
  expect(await callServiceText(client, 'rpc.kinds.object')).toBe('{"answer":42}');
  expect(await callService(client, 'rpc.kinds.text')).toBe('as it is');
  expect(await callService(client, 'rpc.kinds.bytes', { echo: [1] })).toEqual({ echo: [1] });
  const chunks: string[] = [];
  await client.requestMany('rpc.kinds.chunks', '', {
    onMessage: (message) => chunks.push(Buffer.from(message.data).toString()),
    isLast: () => chunks.length === 2,
    totalMs: 5_000,
  });
  expect(chunks).toEqual(['1', '2']);
  await service.stop();
});

test('a thrown error becomes an error answer with code, message and field, and the next request is served', async () => {
  const onError = vi.fn();
  const service = await BusService.start(connection, {
    name: 'failing',
    version: '1.0.0',
    onError,
    endpoints: [
      {
        name: 'field',
        subject: 'rpc.failing.field',
        handler: () => {
          throw new FieldError('filter is no filter');
        },
      },
      {
        name: 'internal',
        subject: 'rpc.failing.internal',
        handler: () => Promise.reject(new TypeError('a bug\nof two lines')),
      },
      {
        name: 'large',
        subject: 'rpc.failing.large',
        handler: () => new Uint8Array(connection.maxPayload + 1),
      },
    ],
  });
  for (let round = 0; round < 2; round++) {
    await expect(callService(client, 'rpc.failing.field')).rejects.toMatchObject({
      code: 'SERVICE_CALL',
      serviceCode: 'MALFORMED',
      field: 'filter',
      message: 'filter is no filter',
    });
  }
  const raw = await client.request('rpc.failing.field');
  expect(raw.header('Nats-Service-Error-Code')).toBe('400');
  expect(JSON.parse(Buffer.from(raw.data).toString())).toEqual({
    error: { code: 'MALFORMED', message: 'filter is no filter', field: 'filter' },
  });
  expect(onError).not.toHaveBeenCalled();
  await expect(callService(client, 'rpc.failing.internal')).rejects.toMatchObject({
    serviceCode: 'INTERNAL',
  });
  expect(onError).toHaveBeenCalledWith(expect.any(TypeError), 'rpc.failing.internal');
  await expect(callServiceText(client, 'rpc.failing.field')).rejects.toMatchObject({
    serviceCode: 'MALFORMED',
    field: 'filter',
  });
  await expect(callService(client, 'rpc.failing.large')).rejects.toMatchObject({
    serviceCode: 'ANSWER_TOO_LARGE',
  });
  await service.stop();
});

test('answers that are no JSON are told as such', async () => {
  const undo = connection.subscribe('rpc.garbage', (message) => {
    message.respond('{"half":');
  });
  await connection.flush();
  await expect(callService(client, 'rpc.garbage')).rejects.toMatchObject({ serviceCode: 'MALFORMED_ANSWER' });
  undo();
});

test('is seen by $SRV.PING, INFO and STATS, with the figures of asynchronous handlers', async () => {
  const service = await BusService.start(connection, {
    name: 'visible',
    version: '2.0.0',
    description: 'seen by nats micro',
    metadata: { role: 'test' },
    endpoints: [
      {
        name: 'work',
        subject: 'rpc.visible.work',
        handler: async (message) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          if (message.data.length > 0) throw new FieldError('bad');
          return 'null';
        },
      },
    ],
  });
  await callService(client, 'rpc.visible.work');
  await expect(callService(client, 'rpc.visible.work', 'x')).rejects.toThrow('bad');
  expect(await discoverServices(client, { name: 'visible' })).toEqual([
    { name: 'visible', id: service.id, version: '2.0.0', metadata: { role: 'test' } },
  ]);
  const info = await callService(client, '$SRV.INFO.visible');
  expect(info).toMatchObject({
    type: 'io.nats.micro.v1.info_response',
    description: 'seen by nats micro',
    endpoints: [{ name: 'work', subject: 'rpc.visible.work', queue_group: 'q' }],
  });
  const { endpoints } = (await callService(client, '$SRV.STATS.visible')) as {
    endpoints: Record<string, number>[];
  };
  expect(endpoints[0]).toMatchObject({ num_requests: 2, num_errors: 1, last_error: 'MALFORMED: bad' });
  expect(endpoints[0]?.average_processing_time).toBeGreaterThan(15e6);
  await service.stop();
  expect(await discoverServices(client, { name: 'visible' })).toEqual([]);
});

test('of two instances one answers, unless the endpoint has no queue', async () => {
  const start = () =>
    BusService.start(connection, {
      name: 'twins',
      version: '1.0.0',
      endpoints: [
        { name: 'one', subject: 'rpc.twins.one', handler: () => '1' },
        { name: 'each', subject: 'rpc.twins.each', queue: false, handler: () => '1' },
      ],
    });
  const twins = [await start(), await start()];
  const count = async (subject: string) => {
    let answers = 0;
    await client.requestMany(subject, '', { onMessage: () => (answers += 1), stallMs: 100, totalMs: 5_000 });
    return answers;
  };
  expect(await count('rpc.twins.one')).toBe(1);
  expect(await count('rpc.twins.each')).toBe(2);
  expect(await discoverServices(client, { name: 'twins' })).toHaveLength(2);
  for (const twin of twins) await twin.stop();
});

test('stopping waits for the request in hand, and then nobody answers', async () => {
  const entered = Promise.withResolvers<undefined>();
  const release = Promise.withResolvers<undefined>();
  const service = await BusService.start(connection, {
    name: 'stopping',
    version: '1.0.0',
    endpoints: [
      {
        name: 'slow',
        subject: 'rpc.stopping.slow',
        handler: async () => {
          entered.resolve(undefined);
          await release.promise;
          return '"done"';
        },
      },
    ],
  });
  const answer = callService(client, 'rpc.stopping.slow');
  await entered.promise;
  const stopped = service.stop();
  release.resolve(undefined);
  await stopped;
  expect(await answer).toBe('done');
  await expect(callService(client, 'rpc.stopping.slow')).rejects.toMatchObject({ code: 'NO_RESPONDER' });
});
