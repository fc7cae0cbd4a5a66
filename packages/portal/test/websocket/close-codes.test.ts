import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { RawWebsocket } from '../support/raw-websocket.ts';
import { TestClient } from '../support/test-client.ts';
import { TestPortal } from '../support/test-portal.ts';

describe('the portal closes', () => {
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await TestPortal.start({
      limits: {
        frameBytes: 2_000,
        malformedInARow: 3,
        pingIntervalMs: 100,
        pongTimeoutMs: 400,
        closeTimeoutMs: 300,
      },
    });
  });
  afterAll(() => portal.stop());

  const connect = () => RawWebsocket.connect(portal.portal.port);

  test.each<[string, number, (raw: RawWebsocket) => void]>([
    ['a binary frame', 1003, (raw) => raw.send('{}', { opcode: 2 })],
    ['text that is no UTF-8', 1007, (raw) => raw.send(Buffer.from([0x22, 0xc3, 0x28, 0x22]))],
    ['text whose UTF-8 breaks off', 1007, (raw) => raw.send(Buffer.from([0xe2, 0x82]))],
    ['a frame that is too large', 1009, (raw) => raw.send('x'.repeat(2_001))],
    ['a frame that says it is too large', 1009, (raw) => raw.send('', { length: 1_000_000_000 })],
    ['a length that no frame has', 1009, (raw) => raw.sendBytes(Buffer.from('81ffffffffffffffffff', 'hex'))],
    [
      'fragments that are too large together',
      1009,
      (raw) => {
        raw.send('x'.repeat(1_500), { isFinal: false });
        raw.send('x'.repeat(1_500), { opcode: 0 });
      },
    ],
    ['a frame that is not masked', 1002, (raw) => raw.sendBytes(Buffer.from([0x81, 0x02, 0x7b, 0x7d]))],
    ['an opcode that is none', 1002, (raw) => raw.send('{}', { opcode: 3 })],
    ['reserved bits', 1002, (raw) => raw.sendBytes(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]))],
    ['a continuation of nothing', 1002, (raw) => raw.send('{}', { opcode: 0 })],
    ['a ping in fragments', 1002, (raw) => raw.send('', { opcode: 9, isFinal: false })],
    ['a close code that is none', 1002, (raw) => raw.send(Buffer.from([0x00, 0x01]), { opcode: 8 })],
  ])('after %s with %i', async (_, code, send) => {
    const counted = await portal.metric(`closes_total{code="${code}"}`);
    const raw = await connect();
    send(raw);
    expect(await raw.untilClosed()).toBe(code);
    await waitFor(() => raw.isClosed, { what: 'the end of the connection' });
    expect(await portal.metric(`closes_total{code="${code}"}`)).toBe(counted + 1);
    raw.destroy();
  });

  test('after too many fragments with 1008', async () => {
    const raw = await connect();
    raw.send('{', { isFinal: false });
    for (let i = 0; i < 16_384; i += 1) raw.send('', { opcode: 0, isFinal: false });
    expect(await raw.untilClosed()).toBe(1008);
    raw.destroy();
  });

  test('after so many malformed frames in a row with 4010, and not when good ones are between', async () => {
    const client = await TestClient.connect(portal.url);
    for (let i = 0; i < 5; i += 1) {
      await client.ask('{');
      await client.ask('[1]');
      await client.request('info', {});
    }
    client.send('{');
    client.send('{}');
    client.send('nonsense');
    expect(await client.closed).toEqual({ code: 4010, reason: 'too many malformed requests in a row' });
    expect(client.answers).toHaveLength(13);
  });

  test('what does not answer pings with 4009, and nothing else', async () => {
    const raw = await connect();
    const client = await TestClient.connect(portal.url);
    expect(await raw.untilClosed()).toBe(4009);
    await client.sync();
    await client.close();
    raw.destroy();
  });

  test('the connection when the client does not close in turn', async () => {
    const raw = await connect();
    raw.send('', { opcode: 2 });
    await waitFor(() => raw.isClosed, { what: 'the end of the connection', timeoutMs: 2_000 });
  });

  test('an ordinary session as the client asked', async () => {
    const client = await TestClient.connect(portal.url);
    client.websocket.close(1000, 'done');
    expect(await client.closed).toMatchObject({ code: 1000 });
    await waitFor(async () => (await portal.metric('sessions')) === 0, { what: 'the session to be gone' });
  });
});

describe('sessions', () => {
  test('beyond the limit are closed with 1013, until one has gone', async () => {
    const portal = await TestPortal.start({ limits: { sessions: 2 } });
    try {
      const first = await portal.client();
      await portal.client();
      const third = await portal.client();
      expect(await third.closed).toMatchObject({ code: 1013 });
      await first.close();
      const fourth = await portal.client();
      await fourth.sync();
      expect(await portal.metric('closes_total{code="1013"}')).toBe(1);
    } finally {
      await portal.stop();
    }
  });

  test('are closed with 1001 when the portal stops', async () => {
    const portal = await TestPortal.start();
    const client = await portal.client();
    await client.request('subscribe', { subjects: ['sensor.>'] });
    await portal.portal.stop();
    expect(await client.closed).toEqual({ code: 1001, reason: 'the portal is stopping' });
    await portal.stop();
  });
});

describe('a handshake', () => {
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await TestPortal.start({ allowedOrigins: ['https://example.org'] });
  });
  afterAll(() => portal.stop());

  test.each([
    [{ Origin: 'https://example.org' }, 101],
    [{ Origin: 'http://example.org' }, 403],
    [{ Origin: 'https://example.org:8443' }, 403],
    [{ Origin: 'null' }, 403],
    [{ Origin: 'nonsense' }, 403],
    [{}, 101],
  ])('with %j is answered with %i', async (headers, status) => {
    const raw = await RawWebsocket.connect(portal.portal.port, headers);
    expect(raw.status).toBe(status);
    if (status === 403) expect(raw.text).toContain('"code":"FORBIDDEN"');
    raw.destroy();
  });

  test("from the portal's own page is accepted", async () => {
    const { port } = portal.portal;
    const raw = await RawWebsocket.connect(port, { Origin: `http://127.0.0.1:${port}` });
    expect(raw.status).toBe(101);
    raw.destroy();
  });

  test('on another path is answered with 404', async () => {
    const raw = await RawWebsocket.connect(portal.portal.port, {}, '/api/list');
    expect(raw.status).toBe(404);
    raw.destroy();
  });

  test('picks its subprotocol when it is offered, and no other', async () => {
    const { port } = portal.portal;
    const offers = await RawWebsocket.connect(port, { 'Sec-WebSocket-Protocol': 'other, katbus.1' });
    expect(offers.text).toContain('Sec-WebSocket-Protocol: katbus.1\r\n');
    const other = await RawWebsocket.connect(port, { 'Sec-WebSocket-Protocol': 'other' });
    expect(other.status).toBe(101);
    expect(other.text).not.toContain('Sec-WebSocket-Protocol');
    offers.destroy();
    other.destroy();
  });

  test('does not take compression', async () => {
    const raw = await RawWebsocket.connect(portal.portal.port, {
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    });
    expect(raw.text).not.toContain('Sec-WebSocket-Extensions');
    raw.destroy();
  });
});
