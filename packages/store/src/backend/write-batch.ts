import type { Attributes, QuarantineReason, SensorAddress } from '@katbus/protocol';
import type { SampleSource } from './sample-batch.ts';

export { QUARANTINE_REASONS, type QuarantineReason } from '@katbus/protocol';

/** What the archiver hands to a back end at once. Everything in it may have been written before: writing again changes nothing. */
export interface WriteBatch {
  /** In the order of the stream: of two with one identity the later one stays. */
  readonly samples: SampleSource;
  readonly attributes: readonly AttributesRow[];
  readonly quarantine: readonly QuarantineRow[];
  readonly gaps: readonly GapRow[];
  /** Absent: as it was. */
  readonly floor?: StreamFloor | undefined;
}

/** Attributes that a component announced. Stored only when they differ from those in force at `fromUs`. */
export interface AttributesRow extends SensorAddress {
  readonly fromUs: number;
  readonly attributes: Attributes;
}

/** A message that could not be stored, as it came. Its identity is (sequence, receivedUs): both stay the same when it is delivered again. */
export interface QuarantineRow {
  readonly sequence: number;
  /** When the stream took it. */
  readonly receivedUs: number;
  readonly subject: string;
  readonly reason: QuarantineReason;
  /** For people: the rule that it breaks. */
  readonly text: string;
  /** The field at fault; `(payload)` when it is not even JSON. */
  readonly field: string;
  readonly payload: Uint8Array;
}

/** As it lies in quarantine. */
export interface QuarantinedRow extends QuarantineRow {
  readonly id: number;
}

/** A range of the stream that was gone before it could be stored; both ends belong to it. */
export interface GapRow {
  readonly fromSequence: number;
  readonly toSequence: number;
  /** How many of the range are missing; absent: all. What lies between was read. */
  readonly messages?: number | undefined;
  /** The stream's times of the last message before and the first after it. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly reason: string;
}

/** How many messages a gap stands for; 0 when nobody can tell. */
export function missingMessages({ fromSequence, toSequence, messages }: GapRow): number {
  return messages ?? Math.max(0, toSequence - fromSequence + 1);
}

/** Through which message of which stream everything is stored. */
export interface StreamFloor {
  readonly sequence: number;
  /** When the stream was created, as the server writes it. Another time is another stream, whose sequences mean other messages. */
  readonly streamCreated: string;
  /** When the stream took the message of `sequence`: tells whether a stream that was rolled back has used the number again. */
  readonly messageUs: number;
}
