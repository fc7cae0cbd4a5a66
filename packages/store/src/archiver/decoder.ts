import {
  addressOfAttributes,
  checkSample,
  MalformedAttributesError,
  MalformedSampleError,
  parseAttributes,
  parseAttributesSubject,
  parseSample,
  toMicroseconds,
  valueFault,
} from '@katbus/protocol';
import type { StreamMessage } from '@katbus/bus/nats';
import { fromWire } from '../backend/stored-sample.ts';
import type { QuarantineReason } from '../backend/write-batch.ts';
import type { Batch } from './batch.ts';
import type { SensorBook } from './sensor-book.ts';
import { epochMessage } from './sensor-epochs.ts';

/** Markers of the portal, which join snapshots with live samples (ARCHITECTURE.md, "Snapshot and live"): nothing to store. */
const MARKER_PREFIX = 'sync.';
const ATTRIBUTES_PREFIX = 'attributes.';

const REASON_BY_FIELD: Readonly<Record<string, QuarantineReason>> = {
  '(payload)': 'undecodable',
  name: 'name',
  time: 'time',
  value_ts: 'value_ts',
  status: 'status',
  value: 'value',
};

/** Turns messages of the stream into rows. What is no good goes to quarantine: nothing that anybody publishes stops the archiver. */
export class Decoder {
  readonly #book: SensorBook;

  constructor(book: SensorBook) {
    this.#book = book;
  }

  /** Never throws for what a message holds. */
  take(message: StreamMessage, into: Batch): void {
    into.count(message);
    const { subject } = message;
    const entry = this.#book.bySubject(subject);
    if (entry !== undefined) {
      try {
        const sample = parseSample(message.data);
        // The stream's clock, not ours: read again years later, the same message meets the same fate.
        checkSample(sample, entry, message.timestampUs);
        const { type, params } = entry;
        const fault = type === undefined ? undefined : valueFault(sample.value, type, params);
        if (fault !== undefined) {
          into.quarantined(message, 'type', 'value', `value ${fault} (type ${type})`);
          return;
        }
        this.#book.keep(entry);
        into.samples.push({
          component: entry.component,
          sensor: entry.sensor,
          timeUs: toMicroseconds(sample.time),
          valueTimeUs: toMicroseconds(sample.value_ts),
          status: sample.status,
          value: fromWire(sample.value, type),
          epoch: entry.epochs?.of(epochMessage(message)) ?? 0,
        });
      } catch (error) {
        if (!(error instanceof MalformedSampleError)) throw error;
        into.quarantined(message, REASON_BY_FIELD[error.field] ?? 'undecodable', error.field, error.message);
      }
    } else if (subject.startsWith(ATTRIBUTES_PREFIX)) {
      this.#takeAttributes(message, into);
    } else if (!subject.startsWith(MARKER_PREFIX)) {
      into.quarantined(message, 'subject', '(subject)', `${subject} is no sensor's archive subject`);
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
        this.#book.learn(row, row.attributes);
        this.#book.learnEpoch(row, row.attributes, epochMessage(message));
      }
    } catch (error) {
      if (!(error instanceof MalformedAttributesError)) throw error;
      into.quarantined(message, 'attributes', error.field, error.message);
    }
  }
}
