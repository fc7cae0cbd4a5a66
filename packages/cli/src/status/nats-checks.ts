import {
  BusConnection,
  callService,
  discoverServices,
  STREAMS,
  streamState,
  type StreamName,
} from '@katbus/bus/nats';
import { STANDBY_SERVICE, STORE_SUBJECTS, type StoreStatus } from '@katbus/protocol';
import { lineOf } from '../cli-error.ts';
import { bytesText, countText } from '../output/counts.ts';
import type { Check } from './check.ts';

const CONNECT_WITHIN_MS = 2_000;

/** Samples that wait to be archived: a few are always under way, so many mean that the archiver does not keep up. */
export const MOST_LAG_MESSAGES = 10_000;

/** nats-server, the streams, the store and the services, asked directly. */
export async function natsChecks(servers: string): Promise<readonly Check[]> {
  let connection: BusConnection;
  try {
    connection = await BusConnection.connect({
      servers,
      name: 'katbus-status',
      connectTimeoutMs: CONNECT_WITHIN_MS,
    });
  } catch (error) {
    return [{ part: 'nats-server', state: 'wrong', detail: lineOf(error) }];
  }
  try {
    const { version, url, jetStream } = connection.serverInfo;
    const server: Check = jetStream
      ? { part: 'nats-server', state: 'ok', detail: `version ${version} at ${url}` }
      : { part: 'nats-server', state: 'wrong', detail: `${url} runs without JetStream: configure it there` };
    const streams = await Promise.all(
      Object.values(STREAMS).map((stream) => streamCheck(connection, stream)),
    );
    return [server, ...streams, await storeCheck(connection), ...(await serviceChecks(connection))];
  } finally {
    await connection.close();
  }
}

async function streamCheck(connection: BusConnection, stream: StreamName): Promise<Check> {
  const part = `stream ${stream}`;
  try {
    const { messages, bytes } = await streamState(connection, stream);
    return { part, state: 'ok', detail: `${countText(messages, 'message')}, ${bytesText(bytes)}` };
  } catch (error) {
    return { part, state: 'wrong', detail: lineOf(error) };
  }
}

async function storeCheck(connection: BusConnection): Promise<Check> {
  const part = 'store';
  const waiting = (await discoverServices(connection, { name: STANDBY_SERVICE }).catch(() => [])).length;
  try {
    const status = (await callService(connection, STORE_SUBJECTS.status)) as StoreStatus;
    const { state, backend, sensors, samplesWritten, quarantined, lagMessages, bytes } = status;
    const detail =
      `${state}, ${backend} ${bytesText(bytes)}, ${countText(sensors, 'sensor')}, ` +
      `${countText(samplesWritten, 'sample')} since its start, ${countText(lagMessages, 'message')} behind` +
      (quarantined > 0 ? `, ${quarantined} in quarantine` : '') +
      (waiting > 0 ? `; ${waiting} more standing by` : '');
    return { part, state: lagMessages > MOST_LAG_MESSAGES ? 'wrong' : 'ok', detail };
  } catch (error) {
    const none = waiting > 0 ? `${waiting} standing by, none active: ` : '';
    return { part, state: 'wrong', detail: `${none}${lineOf(error)}` };
  }
}

/** The services that `katbus services` runs, each a micro service of its own. */
async function serviceChecks(connection: BusConnection): Promise<Check[]> {
  return Promise.all(
    ['clock', 'presence'].map(async (part): Promise<Check> => {
      const [service] = await discoverServices(connection, { name: part });
      return service === undefined
        ? { part, state: 'wrong', detail: 'does not answer: "katbus services" starts it' }
        : { part, state: 'ok', detail: `version ${service.version}` };
    }),
  );
}
