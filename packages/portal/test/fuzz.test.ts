import fc from 'fast-check';
import { CLOSE_CODES, RPC_ERRORS } from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import { RawWebsocket } from './support/raw-websocket.ts';
import type { TestClient } from './support/test-client.ts';
import { TestPortal } from './support/test-portal.ts';

const METHODS = ['subscribe', 'unsubscribe', 'list', 'sensors', 'history', 'info', 'toString'];

/** Requests of which a part is right. */
const nearlyRequest = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, fc.jsonValue()),
    id: fc.oneof({ weight: 5, arbitrary: fc.nat(1_000) }, fc.string(), fc.jsonValue()),
    method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...METHODS) }, fc.string()),
    params: fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          subjects: fc.oneof(
            fc.jsonValue(),
            fc.array(
              fc.oneof(
                fc.constantFrom('sensor.>', 'portal.*', 'attributes.wx', '>', '$SYS.>', 'sensor..a'),
                fc.string(),
              ),
            ),
          ),
          snapshot: fc.oneof(fc.boolean(), fc.jsonValue()),
          id: fc.oneof(fc.nat(20), fc.jsonValue()),
          filter: fc.oneof(fc.constantFrom('a', '(', '(?=x)', '^(?:a|b)$', 'a{1000}{1000}'), fc.string()),
          component: fc.oneof(fc.constantFrom('wx', 'a.b', '*', '>'), fc.string()),
          sensor: fc.oneof(fc.constantFrom('wx.a', 'wx', '*.*'), fc.string()),
          start: fc.oneof(fc.double(), fc.jsonValue()),
          end: fc.oneof(fc.double(), fc.jsonValue()),
          limit: fc.integer(),
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);
const text = fc.oneof(
  { weight: 6, arbitrary: nearlyRequest.map((request) => JSON.stringify(request)) },
  fc.array(nearlyRequest, { maxLength: 5 }).map((batch) => JSON.stringify(batch)),
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.nat(100_000).map((depth) => '['.repeat(depth)),
  fc
    .nat(50_000)
    .map(
      (depth) =>
        `{"jsonrpc":"2.0","id":1,"method":"list","params":{"filter":${'['.repeat(depth)}${']'.repeat(depth)}}}`,
    ),
  fc.nat(5_000).map((depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)),
);

describe('whatever a client sends', () => {
  let portal: TestPortal;
  let neighbour: TestClient;
  let published = 0;
  let publisher: NodeJS.Timeout;

  beforeAll(async () => {
    portal = await TestPortal.start({
      limits: { malformedInARow: 1_000_000, listStallMs: 20, requestTimeoutMs: 200, subscriptions: 50 },
    });
    neighbour = await portal.client();
    await neighbour.request('subscribe', { subjects: ['sensor.*.fuzz.*'], snapshot: false });
    publisher = setInterval(() => portal.publish('a', (published += 1), { component: 'fuzz' }), 5);
  });

  afterAll(async () => {
    clearInterval(publisher);
    // The neighbour has had every sample, in order.
    const samples = await neighbour.until('sample', (all) => all.length === published, 'every sample');
    expect(samples.map(({ sample }) => sample.value)).toEqual(
      Array.from({ length: published }, (_, i) => i + 1),
    );
    const internal = (await portal.registry.metrics()).match(/outcome="internalError"/g) ?? [];
    expect(internal).toEqual([]);
    await portal.stop();
  });

  test('as text gets documented answers', async () => {
    const codes = new Set<number>(Object.values(RPC_ERRORS).map(({ code }) => code));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 5, maxLength: 25 }), async (frames) => {
        const client = await portal.client();
        for (const frame of frames) client.send(frame);
        await client.sync();
        for (const answer of client.answers.flat()) {
          const { error } = answer as { error?: { code: number } };
          if (error === undefined) validate('response', answer);
          else {
            validate('error', answer);
            expect(codes).toContain(error.code);
          }
        }
        for (const { method, params } of client.notifications)
          validate('notification', { jsonrpc: '2.0', method, params });
        expect(client.websocket.readyState).toBe(client.websocket.OPEN);
        await client.close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('as bytes is answered, or closed with a documented code', async () => {
    const codes = new Set<number | undefined>(Object.values(CLOSE_CODES).map(({ code }) => code));
    const frame = fc.record({
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        text.map((each) => Buffer.from(each)),
      ),
      opcode: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(0, 1, 1, 1, 2, 8, 9, 10) }, fc.nat(15)),
      isFinal: fc.boolean(),
      garbage: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.uint8Array({ maxLength: 30 })),
      cut: fc.option(fc.nat(20), { freq: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 12 }), async (frames) => {
        const raw = await RawWebsocket.connect(portal.portal.port);
        for (const { payload, opcode, isFinal, garbage, cut } of frames) {
          raw.send(
            payload,
            cut === null ? { opcode, isFinal } : { opcode, isFinal, length: payload.length + cut },
          );
          if (garbage !== undefined) raw.sendBytes(Buffer.from(garbage));
        }
        // Half a frame waits for its other half: then the client goes, and that is the end.
        raw.socket.end();
        await waitFor(() => raw.isClosed, { what: 'the end of the connection' });
        const code = raw.closeCode;
        // What may have been a close frame is answered with its own code.
        const isAnswer = frames.some(({ opcode, garbage }) => opcode === 8 || garbage !== undefined);
        expect(code === undefined || codes.has(code) || isAnswer).toBe(true);
        raw.destroy();
      }),
      { numRuns: 150 },
    );
    await waitFor(async () => (await portal.metric('sessions')) === 1, { what: 'all sessions to be gone' });
  }, 60_000);
});
