import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BusConnection,
  Markers,
  RequestTimeoutError,
  StreamMissingError,
  lastValues,
  publishStored,
  setupStreams,
  type StreamMessage,
} from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

const SENSORS = 1_500;
let server: TestServer;
let connection: BusConnection;
let markers: Markers;
const subject = (sensor: number) => `sensor.archive.array.s${sensor}`;

beforeAll(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({ servers: server.url, name: 'last values test' });
  await setupStreams(connection);
  markers = new Markers(connection, 'p');
  for (let round = 0; round < 3; round++) {
    for (let sensor = 0; sensor < SENSORS; sensor++)
      connection.publish(subject(sensor), `${sensor}:${round}`);
  }
  await publishStored(connection, 'attributes.array', '{}');
});

afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

const text = ({ data }: StreamMessage) => Buffer.from(data).toString();

describe('last values', () => {
  test('of exact subjects come with sequence and time, in the order of the stream, absent ones left out', async () => {
    const values = await lastValues(connection, 'ARCHIVE', [
      subject(7),
      subject(3),
      'sensor.archive.array.no',
    ]);
    expect(values.map(text)).toEqual(['3:2', '7:2']);
    expect(values[0]).toMatchObject({ subject: subject(3), sequence: 2 * SENSORS + 4 });
    expect(Math.abs((values[0]?.timestampUs ?? 0) / 1000 - Date.now())).toBeLessThan(60_000);
    expect(Number.isInteger(values[0]?.timestampUs)).toBe(true);
  });

  test('of few, of more than a get gives, and of patterns are complete', async () => {
    const { archive } = await markers.publish();
    const including = { subject: markers.subject('archive'), sequence: archive.sequence };
    const everySubject = Array.from({ length: SENSORS }, (_, sensor) => subject(sensor));
    const everyValue = everySubject.map((_, sensor) => `${sensor}:2`);
    for (const options of [{}, { including }]) {
      const read = (subjects: string[]) => lastValues(connection, 'ARCHIVE', subjects, options);
      expect((await read(everySubject)).map(text)).toEqual(everyValue);
      expect((await read(['sensor.archive.array.*'])).map(text)).toEqual(everyValue);
      expect((await read(['sensor.archive.>', 'attributes.>'])).map(text)).toEqual([...everyValue, '{}']);
      expect((await read(['attributes.*'])).map(text)).toEqual(['{}']);
      expect(await read(['sensor.archive.nobody.*'])).toEqual([]);
      expect(await read([])).toEqual([]);
    }
  });

  test('wait for the marker that must be in them, and give up in time when it does not come', async () => {
    const { archive } = await markers.publish();
    const marker = markers.subject('archive');
    for (const subjects of [[subject(1)], ['sensor.archive.>']]) {
      const late = lastValues(connection, 'ARCHIVE', subjects, {
        including: { subject: marker, sequence: archive.sequence + 1 },
        timeoutMs: 300,
      });
      await expect(late).rejects.toBeInstanceOf(RequestTimeoutError);
    }
    for (const subjects of [[subject(1)], ['sensor.archive.>']]) {
      const { sequence } = (await markers.publish()).archive;
      const waiting = lastValues(connection, 'ARCHIVE', subjects, {
        including: { subject: marker, sequence: sequence + 2 },
      });
      await publishStored(connection, subject(1), 'newer');
      await markers.publish();
      expect((await waiting).find((message) => message.subject === subject(1))).toSatisfy(
        (message: StreamMessage) => text(message) === 'newer',
      );
    }
  });

  test('of a stream that is not there say so', async () => {
    await expect(lastValues(connection, 'NOWHERE', ['a'])).rejects.toBeInstanceOf(StreamMissingError);
  });

  test('leave no consumer behind', async () => {
    await lastValues(connection, 'ARCHIVE', ['sensor.archive.>']);
    await connection.flush();
    const answer = await connection.request('$JS.API.CONSUMER.NAMES.ARCHIVE');
    expect(JSON.parse(Buffer.from(answer.data).toString())).toMatchObject({ total: 0 });
  });
});
