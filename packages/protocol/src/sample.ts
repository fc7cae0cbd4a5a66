import { MalformedSampleError } from './errors.ts';
import { isStatus, mayLackValue, type Status } from './status.ts';
import { normalisedName, type SensorAddress } from './names.ts';
import { toMicroseconds } from './time.ts';
import { valueFault, type SampleValue } from './value.ts';

/**
 * One observation of one sensor, exactly as it travels on the bus (one JSON object, UTF-8).
 *
 * Field names follow Joubert & Slabber, ICALEPCS 2017, Table 1.
 */
export interface Sample {
  /** Normalised sensor name, component first: `wx_station_wind_speed`. */
  readonly name: string;
  /** When the broker made the sample for the bus: Unix seconds, UTC. With the subject's sensor it is the sample's identity. */
  readonly time: number;
  /** When the value was read at the source: Unix seconds, UTC. */
  readonly value_ts: number;
  readonly status: Status;
  /** In the `units` of the sensor's attributes; a float that is not finite travels as a string. */
  readonly value: SampleValue;
}

/**
 * NATS header of a sample that was published before and not acknowledged in time, or was held back: it may come after newer ones of
 * its sensor. Whoever shows live values drops it when its `time` is not after the last one's. Its value is the clock epoch in which the
 * sample was made ({@link resendMark}): one of an older epoch is dropped whatever its time.
 */
export const RESEND_HEADER = 'Katbus-Resend';

/** How far a sample's `time` may lie from now before it is quarantined. */
export const OLDEST_SAMPLE_SECONDS = 10 * 365.25 * 86_400;
export const NEWEST_SAMPLE_SECONDS = 3_600;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The bytes that travel. Written by hand, because this is the hot path of every component: times are digits, not doubles.
 * @param timeUs microseconds since 1970
 * @param valueTimeUs microseconds since 1970
 * @param value as it travels (non-finite floats already strings)
 */
export function encodeSample(
  name: string,
  timeUs: number,
  valueTimeUs: number,
  status: Status,
  value: SampleValue,
): string {
  return `{"name":"${name}","time":${secondsText(timeUs)},"value_ts":${secondsText(valueTimeUs)},"status":"${status}","value":${valueText(value)}}`;
}

function secondsText(us: number): string {
  if (us < 0) return String(us / 1e6);
  const seconds = Math.floor(us / 1e6);
  const rest = us - seconds * 1e6;
  return `${seconds}.${String(rest).padStart(6, '0')}`;
}

function valueText(value: SampleValue): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

/**
 * Reads what travels. Unknown fields are tolerated, so that a later version may add one.
 * @throws {MalformedSampleError} naming the first field that is missing or wrong
 */
export function parseSample(payload: Uint8Array | string): Sample {
  const document = parseObject(payload);
  const { name, time, value_ts, status, value } = document;
  if (typeof name !== 'string' || name === '')
    throw new MalformedSampleError('name', 'must be a non-empty string');
  if (typeof time !== 'number') throw new MalformedSampleError('time', 'must be a number of Unix seconds');
  if (typeof value_ts !== 'number')
    throw new MalformedSampleError('value_ts', 'must be a number of Unix seconds');
  if (!isStatus(status)) throw new MalformedSampleError('status', 'must be one of the seven KATCP statuses');
  if (!isSampleValue(value)) {
    throw new MalformedSampleError('value', 'must be a number, string, boolean, null or an array of numbers');
  }
  if (value === null && !mayLackValue(status)) {
    throw new MalformedSampleError('value', `must not be null with status ${status}`);
  }
  return document as unknown as Sample;
}

function parseObject(payload: Uint8Array | string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(typeof payload === 'string' ? payload : decoder.decode(payload));
  } catch (error) {
    const rule = error instanceof SyntaxError ? 'is not JSON' : 'is not UTF-8';
    throw new MalformedSampleError('(payload)', rule);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new MalformedSampleError('(payload)', 'must be one JSON object');
  }
  return document as Record<string, unknown>;
}

function isSampleValue(value: unknown): value is SampleValue {
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
    return true;
  return Array.isArray(value) && valueFault(value, 'float[]') === undefined;
}

/**
 * What a well-formed sample must also satisfy to be stored under its subject (SUBJECTS.md, "Quarantine").
 * @param nowUs microseconds since 1970
 * @throws {MalformedSampleError}
 */
export function checkSample(sample: Sample, address: SensorAddress, nowUs: number): void {
  if (sample.name !== normalisedName(address)) {
    throw new MalformedSampleError(
      'name',
      `"${sample.name.slice(0, 100)}" does not fit the subject of ${normalisedName(address)}`,
    );
  }
  const ahead = (toMicroseconds(sample.time) - nowUs) / 1e6;
  if (!Number.isFinite(ahead)) throw new MalformedSampleError('time', 'must be finite');
  if (ahead > NEWEST_SAMPLE_SECONDS) throw new MalformedSampleError('time', 'lies more than an hour ahead');
  if (ahead < -OLDEST_SAMPLE_SECONDS) throw new MalformedSampleError('time', 'lies more than ten years back');
  if (!Number.isSafeInteger(toMicroseconds(sample.value_ts)))
    throw new MalformedSampleError('value_ts', 'is out of range');
}
