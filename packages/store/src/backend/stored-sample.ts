import {
  decodeFloat,
  encodeFloat,
  toSeconds,
  type ArchivedSample,
  type SampleValue,
  type SensorAddress,
  type Status,
} from '@katbus/protocol';

/** A value inside the store: floats that are not finite are numbers here, and strings only on the wire. `null` is no value. */
export type StoredValue = number | string | boolean | null | readonly number[];

/** A sample inside the store. Times are integer microseconds since 1970, UTC. */
export interface StoredSample {
  readonly timeUs: number;
  readonly valueTimeUs: number;
  readonly status: Status;
  readonly value: StoredValue;
}

/** A sample and whose it is. Its identity is (component, sensor, timeUs). */
export interface SampleRow extends SensorAddress, StoredSample {
  /** The number of its clock epoch: a later epoch has a greater one. Absent, or 0: its component never told of any. */
  readonly epoch?: number;
  /** Of the message that brought it, where that is known. */
  readonly sequence?: number;
  /** When the stream took that message, where that is known. */
  readonly receivedUs?: number;
}

/**
 * A value from the wire. The string `NaN` is a number where the sensor's declared type is float, else it is a string:
 * a string sensor may say so.
 * @param type as declared by the attributes; undefined: none are known
 */
export function fromWire(value: SampleValue, type: string | undefined): StoredValue {
  if (typeof value === 'object' && value !== null) return value.map((element) => decodeFloat(element) ?? NaN);
  return type === 'float' ? (decodeFloat(value) ?? value) : value;
}

/** The inverse of {@link fromWire}. */
export function toWire(value: StoredValue): SampleValue {
  if (typeof value === 'number') return encodeFloat(value);
  if (typeof value === 'object' && value !== null) return value.map(encodeFloat);
  return value;
}

export function toArchivedSample(sample: StoredSample): ArchivedSample {
  return {
    time: toSeconds(sample.timeUs),
    value_ts: toSeconds(sample.valueTimeUs),
    status: sample.status,
    value: toWire(sample.value),
  };
}

/** About how many bytes a sample takes in an answer: what bounds blocks before they are written out as JSON. */
export function wireBytes({ value }: StoredSample): number {
  const fixed = 90;
  if (typeof value === 'string') return fixed + value.length;
  if (typeof value === 'object' && value !== null) return fixed + 20 * value.length;
  return fixed;
}

/**
 * Whether a sample takes the place of the latest one known: it is of a newer clock epoch, whatever its time, or of the same one and not older.
 *
 * The latest value is the last published. A component's clock may have been set back; times compare within an epoch only.
 */
export function supersedes(timeUs: number, epoch: number, latestUs: number, latestEpoch: number): boolean {
  return epoch === latestEpoch ? timeUs >= latestUs : epoch > latestEpoch;
}
