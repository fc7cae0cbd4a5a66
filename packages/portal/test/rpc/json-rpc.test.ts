import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PORTAL_LIMITS } from '@katbus/portal';
import { BusService } from '@katbus/bus/nats';
import { TestPortal } from '../support/test-portal.ts';

interface Failure {
  readonly id: unknown;
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly field?: string };
  };
}

describe('JSON-RPC 2.0', () => {
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await TestPortal.start({ limits: { requestsUnderWay: 3, malformedInARow: 1_000 } });
  });
  afterAll(() => portal.stop());

  test.each<[string, string, number, unknown, string | undefined]>([
    ['no JSON', '{"jsonrpc":"2.0",', -32700, null, undefined],
    ['nothing', '', -32700, null, undefined],
    ['a number', '1', -32600, null, '(payload)'],
    ['null', 'null', -32600, null, '(payload)'],
    ['an empty batch', '[]', -32600, null, undefined],
    [
      'a batch of 33',
      JSON.stringify(Array(33).fill({ jsonrpc: '2.0', method: 'info' })),
      -32600,
      null,
      undefined,
    ],
    ['no version', '{"id":1,"method":"info"}', -32600, 1, 'jsonrpc'],
    ['another version', '{"jsonrpc":"1.0","id":"x","method":"info"}', -32600, 'x', 'jsonrpc'],
    ['no method', '{"jsonrpc":"2.0","id":1}', -32600, 1, 'method'],
    ['a method that is no text', '{"jsonrpc":"2.0","id":1,"method":1}', -32600, 1, 'method'],
    ['an id that is none', '{"jsonrpc":"2.0","id":{},"method":"info"}', -32600, null, 'id'],
    ['params as an array', '{"jsonrpc":"2.0","id":1,"method":"info","params":[]}', -32600, 1, 'params'],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"nothing"}', -32601, 1, undefined],
    ['a method of every object', '{"jsonrpc":"2.0","id":1,"method":"constructor"}', -32601, 1, undefined],
    ['the prototype as a method', '{"jsonrpc":"2.0","id":1,"method":"__proto__"}', -32601, 1, undefined],
    ['a parameter too few', '{"jsonrpc":"2.0","id":1,"method":"unsubscribe"}', -32602, 1, 'id'],
    ['a parameter too many', '{"jsonrpc":"2.0","id":1,"method":"info","params":{"a":1}}', -32602, 1, 'a'],
    [
      'a filter that is none',
      '{"jsonrpc":"2.0","id":1,"method":"list","params":{"filter":"("}}',
      -32602,
      1,
      'filter',
    ],
    [
      'a look-ahead without its end',
      '{"jsonrpc":"2.0","id":1,"method":"list","params":{"filter":"(?=a"}}',
      -32602,
      1,
      'filter',
    ],
    [
      'a component that is none',
      '{"jsonrpc":"2.0","id":1,"method":"list","params":{"component":"a.b"}}',
      -32602,
      1,
      'component',
    ],
    [
      'a sensor that is none',
      '{"jsonrpc":"2.0","id":1,"method":"history","params":{"sensor":"wx","start":1,"end":2}}',
      -32602,
      1,
      'sensor',
    ],
    [
      'a range that is none',
      '{"jsonrpc":"2.0","id":1,"method":"history","params":{"sensor":"wx.a","start":2,"end":2}}',
      -32602,
      1,
      'end',
    ],
    [
      'an archive that does not run',
      '{"jsonrpc":"2.0","id":1,"method":"history","params":{"sensor":"wx.a","start":1,"end":2}}',
      -32004,
      1,
      undefined,
    ],
    ['the same of its catalogue', '{"jsonrpc":"2.0","id":1,"method":"sensors"}', -32004, 1, undefined],
  ])('answers %s (%s) with %i, the id %j and the field %s', async (_, frame, code, id, field) => {
    const client = await portal.client();
    // A test client knows answers to its own requests only by ids that it has given.
    const answer = (await client.ask(frame)) as Failure;
    expect(answer.id).toBe(id);
    expect(answer.error.code).toBe(code);
    expect(answer.error.message).not.toBe('');
    expect(answer.error.data?.field).toBe(field);
    await client.close();
  });

  test('answers a batch with one array, without those that had no id', async () => {
    const client = await portal.client();
    const batch = [
      { jsonrpc: '2.0', id: 'a', method: 'info' },
      { jsonrpc: '2.0', method: 'info' },
      1,
      { jsonrpc: '2.0', id: null, method: 'nothing' },
    ];
    const answer = (await client.ask(JSON.stringify(batch))) as { id: unknown }[];
    expect(answer.map(({ id }) => id)).toEqual(['a', null, null]);
    await client.close();
  });

  test('carries out what has no id and does not answer it, not even with an error', async () => {
    const client = await portal.client();
    client.send('{"jsonrpc":"2.0","method":"subscribe","params":{"subjects":["sensor.>"]}}');
    await client.until('snapshot', (all) => all.length === 1, 'the snapshot');
    client.send('{"jsonrpc":"2.0","method":"nothing"}');
    client.send(
      '[{"jsonrpc":"2.0","method":"unsubscribe","params":{"id":1}},{"jsonrpc":"2.0","method":"unsubscribe"}]',
    );
    await expect(client.request('unsubscribe', { id: 1 })).rejects.toMatchObject({ code: -32003 });
    expect(client.answers).toEqual([]);
    await client.close();
  });

  test('sends the snapshot of a subscribe in a batch after the answer to the batch', async () => {
    await portal.store('a', 1);
    const client = await portal.client();
    const batch = [
      { jsonrpc: '2.0', id: 'a', method: 'subscribe', params: { subjects: ['sensor.archive.wx.a'] } },
      { jsonrpc: '2.0', id: 'b', method: 'list', params: { component: 'absent' } },
    ];
    const answer = await client.ask(JSON.stringify(batch));
    expect(answer).toMatchObject([{ result: { id: 1, count: 1 } }, { result: { absent: ['absent'] } }]);
    const [page] = await client.until('snapshot', (all) => all.length === 1, 'the snapshot');
    expect(page?.samples).toHaveLength(1);
    // The batch was the first message, the page the second.
    expect(client.notifications[0]?.place).toBe(2);
    await client.close();
  });

  test('a subscribe and its unsubscribe in one batch are both answered, and nothing follows', async () => {
    const client = await portal.client();
    const batch = [
      { jsonrpc: '2.0', id: 'a', method: 'subscribe', params: { subjects: ['sensor.>'] } },
      { jsonrpc: '2.0', id: 'b', method: 'unsubscribe', params: { id: 1 } },
    ];
    const answer = await client.ask(JSON.stringify(batch));
    expect(answer).toMatchObject([{ result: { id: 1 } }, { result: {} }]);
    portal.publish('a', 2);
    await client.sync();
    expect(client.notifications).toEqual([]);
    expect(await portal.metric('snapshot_bytes')).toBe(0);
    await client.close();
  });

  test('refuses what is too much at once, and goes on when there is room again', async () => {
    const client = await portal.client();
    const release = Promise.withResolvers<object>();
    const service = await BusService.start(portal.bus, {
      name: 'store',
      version: '0.0.0',
      endpoints: [{ name: 'sensors', subject: 'rpc.store.sensors', handler: () => release.promise }],
    });
    try {
      const waiting = [1, 2, 3].map(() => client.request('sensors', {}));
      await expect(client.request('info', {})).rejects.toMatchObject({ code: -32006 });
      release.resolve({ sensors: [] });
      expect(await Promise.all(waiting)).toEqual([{ sensors: [] }, { sensors: [] }, { sensors: [] }]);
      await client.request('info', {});
    } finally {
      await service.stop();
      await client.close();
    }
  });

  test.each([
    ['{"error":{"code":"NOT_FOUND","message":"no such sensor","field":"sensor"}}', -32003, 'sensor'],
    ['{"error":{"code":"BAD_RANGE","message":"too long","field":"end"}}', -32602, 'end'],
    ['{"error":{"code":"BUSY","message":"later"}}', -32006, undefined],
    ['{"error":{"code":"DISK_FULL","message":"no room"}}', -32004, undefined],
    ['{"error":{"code":"constructor","message":"a code that every object has"}}', -32004, undefined],
    ['{"error":{"code":"__proto__","message":"another","field":"end"}}', -32602, 'end'],
    ['no JSON', -32004, undefined],
  ])('passes on what the archive answers: %s is %i', async (answer, code, field) => {
    const undo = portal.bus.subscribe('rpc.store.history', (message) => message.respond(answer));
    await portal.bus.flush();
    try {
      const client = await portal.client();
      const asked = client.request('history', { sensor: 'wx.a', start: 1, end: 2 });
      await expect(asked).rejects.toMatchObject({ code, field });
      await client.close();
    } finally {
      undo();
    }
  });

  test('info tells every limit', async () => {
    const client = await portal.client();
    const info = await client.request('info', {});
    expect(info.limits).toEqual({ ...PORTAL_LIMITS, requestsUnderWay: 3, malformedInARow: 1_000 });
    expect(info.portal).toBe(portal.portal.name);
    expect(Math.abs(info.time - Date.now() / 1000)).toBeLessThan(60);
    await client.close();
  });
});

describe('history', () => {
  test('asks the archive for what the client asked, by component and token', async () => {
    const portal = await TestPortal.start({ limits: { requestTimeoutMs: 200 } });
    const asked: unknown[] = [];
    const page = { component: 'wx', sensor: 'wind_speed', samples: [], next: 'more', through: 7 };
    const undo = portal.bus.subscribe('rpc.store.history', (message) => {
      asked.push(JSON.parse(Buffer.from(message.data).toString()));
      if (asked.length < 2) message.respond(JSON.stringify(page));
    });
    await portal.bus.flush();
    try {
      const client = await portal.client();
      const params = { sensor: 'wx.wind.speed', start: 1, end: 2, limit: 3, after: 'x', boundary: true };
      expect(await client.request('history', params)).toEqual(page);
      const { sensor, ...range } = params;
      expect(sensor).toBe('wx.wind.speed');
      expect(asked).toEqual([{ component: 'wx', sensor: 'wind_speed', ...range }]);
      await expect(client.request('history', params)).rejects.toMatchObject({ code: -32005 });
    } finally {
      undo();
      await portal.stop();
    }
  });
});
