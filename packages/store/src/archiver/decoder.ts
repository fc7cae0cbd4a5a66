import {
  addressOfAttributes,
  checkSample,
  decodeFloat,
  MalformedAttributesError,
  MalformedSampleError,
  mayLackValue,
  NEWEST_SAMPLE_SECONDS,
  OLDEST_SAMPLE_SECONDS,
  parseAttributes,
  parseAttributesSubject,
  parseSample,
  SampleScanner,
  STATUSES,
  statusRank,
  toMicroseconds,
  valueFault,
} from '@katbus/protocol';
import type { StreamMessage } from '@katbus/bus/nats';
import { fromWire, type StoredValue } from '../backend/stored-sample.ts';
import type { QuarantineReason } from '../backend/write-batch.ts';
import type { Batch } from './batch.ts';
import { epochMessage } from './sensor-epochs.ts';
import type { BookEntry, Declaration, SensorBook } from './sensor-book.ts';

/** Markers of the portal, which join snapshots with live samples (ARCHITECTURE.md, "Snapshot and live"): nothing to store. */
const MARKER_PREFIX = 'sync.';
const ATTRIBUTES_PREFIX = 'attributes.';
const SAMPLE_PREFIX_BYTES = 'sensor.archive.'.length;

const REASON_BY_FIELD: Readonly<Record<string, QuarantineReason>> = {
  '(payload)': 'undecodable',
  name: 'name',
  time: 'time',
  value_ts: 'value_ts',
  status: 'status',
  value: 'value',
};

/** Told of what may have to be asked for. */
export interface DecoderListener {
  /** A good sample came of a sensor of which no attributes are known. */
  onUndeclared(component: string): void;
  onAttributes(component: string): void;
}

export type DecoderJudge = 'of-its-time' | 'of-today';

/** Turns messages of the stream into rows. What is no good goes to quarantine: nothing that anybody publishes stops the archiver. */
export class Decoder {
  readonly #book: SensorBook;
  readonly #judge: DecoderJudge;
  readonly #listener: DecoderListener | undefined;
  readonly #scanner = new SampleScanner();

  /** @param judge by which attributes: those that held when the stream took the message, or those of today */
  constructor(book: SensorBook, listener?: DecoderListener, judge: DecoderJudge = 'of-its-time') {
    this.#book = book;
    this.#judge = judge;
    this.#listener = listener;
  }

  /** Never throws for what a message holds. */
  take(message: StreamMessage, into: Batch): void {
    into.count(message);
    const { subjectBytes } = message;
    const known = subjectBytes && this.#book.find(subjectBytes);
    if (known !== undefined && this.#takeScanned(message, subjectBytes!, known, into)) return;
    this.#takeParsed(message, into);
  }

  /** The usual sample of a known sensor. @returns false when it is to be looked at closely, for whatever reason */
  #takeScanned(message: StreamMessage, subject: Uint8Array, entry: BookEntry, into: Batch): boolean {
    const scanner = this.#scanner;
    if (!scanner.scan(message.data, subject, SAMPLE_PREFIX_BYTES)) return false;
    const { timeUs, valueTimeUs, statusRank: rank } = scanner;
    const aheadSeconds = (timeUs - message.timestampUs) / 1e6;
    if (aheadSeconds > NEWEST_SAMPLE_SECONDS || aheadSeconds < -OLDEST_SAMPLE_SECONDS) return false;
    const value = acceptedValue(scanner.value, this.#declarationOf(entry, message), rank);
    if (value === undefined) return false;
    const epoch = entry.epochs?.of(epochMessage(message)) ?? 0;
    into.samples.add(message, entry.number, timeUs, valueTimeUs, rank, value, epoch);
    if (entry.fromUs === undefined) this.#listener?.onUndeclared(entry.component);
    return true;
  }

  #declarationOf(entry: BookEntry, { timestampUs }: StreamMessage): Declaration {
    return this.#judge === 'of-today' ? entry.declaration : this.#book.inForce(entry, timestampUs);
  }

  #takeParsed(message: StreamMessage, into: Batch): void {
    const { subject } = message;
    const entry = this.#book.bySubject(subject);
    if (entry !== undefined) this.#takeSample(message, entry, into);
    else if (subject.startsWith(ATTRIBUTES_PREFIX)) this.#takeAttributes(message, into);
    else if (!subject.startsWith(MARKER_PREFIX)) {
      into.quarantined(message, 'subject', '(subject)', `${subject} is no sensor's archive subject`);
    }
  }

  #takeSample(message: StreamMessage, entry: BookEntry, into: Batch): void {
    try {
      const sample = parseSample(message.data);
      // The stream's clock, not ours: read again years later, the same message meets the same fate.
      checkSample(sample, entry, message.timestampUs);
      const { type, params } = this.#declarationOf(entry, message);
      const fault = type === undefined ? undefined : valueFault(sample.value, type, params);
      if (fault !== undefined) {
        into.quarantined(message, 'type', 'value', `value ${fault} (type ${type})`);
        return;
      }
      this.#book.keep(entry);
      into.samples.add(
        message,
        entry.number,
        toMicroseconds(sample.time),
        toMicroseconds(sample.value_ts),
        statusRank(sample.status),
        fromWire(sample.value, type),
        entry.epochs?.of(epochMessage(message)) ?? 0,
      );
      if (entry.fromUs === undefined) this.#listener?.onUndeclared(entry.component);
    } catch (error) {
      if (!(error instanceof MalformedSampleError)) throw error;
      into.quarantined(message, REASON_BY_FIELD[error.field] ?? 'undecodable', error.field, error.message);
    }
  }

  /** All of a message or nothing: half of an array would look as if the rest had never been sent. */
  #takeAttributes(message: StreamMessage, into: Batch): void {
    const component = parseAttributesSubject(message.subject);
    if (component === undefined) {
      into.quarantined(message, 'subject', '(subject)', `${message.subject} is no component's`);
      return;
    }
    try {
      const rows = parseAttributes(message.data).map((attributes) => ({
        ...addressOfAttributes(attributes, component),
        fromUs: message.timestampUs,
        attributes,
      }));
      for (const row of rows) {
        into.attributes.push(row);
        this.#book.learn(row, row.attributes, row.fromUs);
        this.#book.learnEpoch(row, row.attributes, epochMessage(message));
      }
      this.#listener?.onAttributes(component);
    } catch (error) {
      if (!(error instanceof MalformedAttributesError)) throw error;
      into.quarantined(message, 'attributes', error.field, error.message);
    }
  }
}

/** @returns undefined when it is not clear that the value may be stored as it is */
function acceptedValue(
  value: number | string | boolean | null,
  { type, params }: Declaration,
  rank: number,
): StoredValue | undefined {
  if (value === null) return mayLackValue(STATUSES[rank]!) ? null : undefined;
  if (type === undefined) return value;
  if (type === 'float') return decodeFloat(value);
  return valueFault(value, type, params) === undefined ? value : undefined;
}
