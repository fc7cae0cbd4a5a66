import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { callService, type BusConnection } from '@katbus/bus/nats';
import {
  STORE_SUBJECTS,
  wallClockUs,
  type QuarantineDropAnswer,
  type QuarantinePage,
  type QuarantineRetryAnswer,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import {
  everythingStored,
  fullHistory,
  metric,
  publishStored,
  samplePayload,
  testConnection,
  testFolder,
  testNats,
  testStore,
  WIND,
} from './store-fixture.ts';

const list = async (connection: BusConnection, request: object = {}) =>
  validate<QuarantinePage>(
    'quarantinePage',
    await callService(connection, STORE_SUBJECTS.quarantine, request),
  );
const retry = async (connection: BusConnection, request: object) =>
  validate<QuarantineRetryAnswer>(
    'quarantineRetryAnswer',
    await callService(connection, STORE_SUBJECTS.quarantineRetry, request),
  );
const drop = async (connection: BusConnection, request: object) =>
  validate<QuarantineDropAnswer>(
    'quarantineDropAnswer',
    await callService(connection, STORE_SUBJECTS.quarantineDrop, request),
  );

const SUBJECT = 'sensor.archive.wx.wind_speed';
const announce = (connection: BusConnection, type: string) =>
  publishStored(connection, 'attributes.wx', JSON.stringify({ name: 'wx_wind_speed', type }));

/** A sensor that was declared boolean by mistake, two numbers of it, and rubbish. */
async function fill(connection: BusConnection): Promise<void> {
  await announce(connection, 'boolean');
  await publishStored(connection, SUBJECT, samplePayload({ value: 1.5 }));
  await publishStored(connection, SUBJECT, samplePayload({ value: 'NaN' }));
  await publishStored(connection, SUBJECT, '{"half of it');
  await publishStored(connection, SUBJECT, samplePayload({ timeUs: wallClockUs() + 7_200e6 }));
  await everythingStored(connection);
}

describe.each(['memory', 'sqlite'] as const)('the quarantine of back end %s', (backend) => {
  async function system() {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const store = await testStore(nats, { backend, directory: await testFolder() });
    await fill(connection);
    return { nats, connection, store };
  }

  test('lists what came, why it was not stored, and the payload on request, by reason, by time and in pages', async () => {
    const { connection } = await system();
    const { messages, total, next } = await list(connection);
    expect(total).toBe(4);
    expect(next).toBeUndefined();
    expect(messages.map(({ reason }) => reason)).toEqual(['type', 'type', 'undecodable', 'time']);
    expect(messages[0]).toMatchObject({ subject: SUBJECT, sequence: 2, field: 'value' });
    expect(messages[0]).not.toHaveProperty('payload');
    const [rubbish] = (await list(connection, { reason: 'undecodable', payload: true })).messages;
    expect(rubbish).toMatchObject({ payload: '{"half of it', bytes: 12 });
    expect((await list(connection, { since: messages[2]!.received })).messages).toHaveLength(2);
    const first = await list(connection, { limit: 3 });
    expect(first.messages).toHaveLength(3);
    const rest = await list(connection, { limit: 3, after: first.next });
    expect(rest.messages.map(({ id }) => id)).toEqual([messages[3]!.id]);
    expect(rest.next).toBeUndefined();
    await expect(list(connection, { after: 'x' })).rejects.toMatchObject({ field: 'after' });
    await expect(list(connection, { reason: 'tpye' })).rejects.toMatchObject({
      field: 'reason',
      message: expect.stringContaining('must be one of undecodable, subject, name') as string,
    });
  });

  test('retried, what is good by the attributes of today is stored, and of the rest it is said why it is not', async () => {
    const { connection } = await system();
    expect(await retry(connection, { reason: 'type' })).toMatchObject({ stored: 0, refused: [{}, {}] });
    await announce(connection, 'float');
    await everythingStored(connection);
    const answer = await retry(connection, { all: true });
    expect(answer).toMatchObject({ stored: 2, refused: [{ reason: 'undecodable' }, { reason: 'time' }] });
    expect((await fullHistory(connection, WIND)).map(({ value }) => value)).toEqual([1.5, 'NaN']);
    expect((await list(connection)).messages.map(({ reason }) => reason)).toEqual(['undecodable', 'time']);
    expect(await retry(connection, { all: true })).toMatchObject({ stored: 0, refused: [{}, {}] });
    expect(await fullHistory(connection, WIND)).toHaveLength(2);
  });

  test('drops what is named, and nothing when nothing is named', async () => {
    const { connection, store } = await system();
    const { messages } = await list(connection);
    await expect(drop(connection, {})).rejects.toMatchObject({ serviceCode: 'BAD_REQUEST', field: 'all' });
    await expect(retry(connection, {})).rejects.toMatchObject({ serviceCode: 'BAD_REQUEST', field: 'all' });
    expect(await drop(connection, { ids: [messages[0]!.id, messages[0]!.id, 4711] })).toEqual({ dropped: 1 });
    expect(await drop(connection, { reason: 'time' })).toEqual({ dropped: 1 });
    expect(await metric(store.registry, 'quarantine_messages')).toBe(2);
    expect(await drop(connection, { all: true, limit: 1 })).toMatchObject({
      dropped: 1,
      next: expect.any(String) as string,
    });
    expect((await list(connection)).total).toBe(1);
  });
});

test('katbus quarantine lists, shows, retries and drops; katbus store gaps says that nothing was lost', async () => {
  const nats = await testNats();
  const connection = await testConnection(nats);
  await testStore(nats, { backend: 'sqlite', directory: await testFolder() });
  await fill(connection);
  const main = new URL('../../cli/src/main.ts', import.meta.url).pathname;
  const katbus = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...words, '--nats', nats.url]);
    return stdout;
  };
  const listed = await katbus('quarantine', 'list');
  expect(listed).toContain('REASON');
  expect(listed).toContain('4 of 4 in quarantine');
  const lines = (await katbus('quarantine', 'list', '--reason', 'undecodable', '--json')).trim().split('\n');
  const { id } = JSON.parse(lines[0]!) as { id: number };
  expect(lines).toHaveLength(1);
  expect(await katbus('quarantine', 'show', String(id))).toContain('{"half of it');
  await announce(connection, 'float');
  await everythingStored(connection);
  expect(await katbus('quarantine', 'retry', '--all')).toContain('2 stored, 2 still in quarantine');
  expect(await katbus('quarantine', 'drop', String(id))).toBe('1 dropped\n');
  await expect(katbus('quarantine', 'drop')).rejects.toMatchObject({
    stderr: expect.stringContaining('say which') as string,
  });
  await expect(katbus('quarantine', 'show', '99999')).rejects.toMatchObject({ code: 1 });
  expect(await katbus('store', 'gaps')).toBe('nothing was lost\n');
});
