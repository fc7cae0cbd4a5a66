import {
  attributesSubject,
  clockEpochOf,
  parseAttributes,
  parseSample,
  toMicroseconds,
  type Rate,
} from '@katbus/protocol';
import { lastMessage, STREAMS, type BusConnection } from './nats/index.ts';
import type { ClockPast } from './sample-clock.ts';

/** A component that finds no streams starts all the same: it need not wait long for them. */
const ANSWER_WITHIN_MS = 2_000;

/**
 * Asks the streams for the clock epoch and the last sample of the process that was this component before: a clock that was set back while
 * no process ran is seen by nothing else. What the streams do not tell is unknown; they may be missing.
 */
export async function readClockPast(connection: BusConnection, component: string): Promise<ClockPast> {
  const [epoch, archived, normal] = await Promise.all([
    lastEpoch(connection, component),
    lastTimeUs(connection, component, 'archive'),
    lastTimeUs(connection, component, 'normal'),
  ]);
  const times = [archived, normal].filter((time) => time !== undefined);
  return { epoch, lastUs: times.length === 0 ? undefined : Math.max(...times) };
}

async function lastEpoch(connection: BusConnection, component: string): Promise<number | undefined> {
  const data = await lastPayload(connection, STREAMS.archive, attributesSubject(component));
  const announced = data === undefined ? [] : orNothing(() => parseAttributes(data));
  const last = announced?.at(-1);
  return last === undefined ? undefined : clockEpochOf(last);
}

async function lastTimeUs(
  connection: BusConnection,
  component: string,
  rate: Rate,
): Promise<number | undefined> {
  const stream = rate === 'archive' ? STREAMS.archive : STREAMS.live;
  const data = await lastPayload(connection, stream, `sensor.${rate}.${component}.*`);
  const timeUs = data && orNothing(() => toMicroseconds(parseSample(data).time));
  return Number.isSafeInteger(timeUs) ? timeUs : undefined;
}

async function lastPayload(
  connection: BusConnection,
  stream: string,
  pattern: string,
): Promise<Uint8Array | undefined> {
  try {
    return (await lastMessage(connection, stream, pattern, { timeoutMs: ANSWER_WITHIN_MS }))?.data;
  } catch {
    // No stream yet, no JetStream, no right to read it: nothing that would keep a component from publishing.
    return undefined;
  }
}

/** What anybody has published there may be anything. */
function orNothing<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
