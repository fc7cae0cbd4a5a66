import type { StreamMessage } from './stream-message.ts';

/** One key of a bucket. */
export interface KvEntry {
  readonly key: string;
  /** A copy: it may be kept. Empty when deleted. */
  readonly value: Uint8Array;
  /** Rises with each change in the bucket; what {@link KvBucket.update} compares. 0 for a key that vanished without a trace. */
  readonly revision: number;
  /** When it was written: Unix time in microseconds, UTC, by the server's clock. */
  readonly timestampUs: number;
  readonly deleted: boolean;
}

/** A message of a bucket's stream as an entry (ADR-8, ADR-43). */
export function kvEntryOf(message: StreamMessage, prefix: string): KvEntry {
  const operation = message.header('KV-Operation');
  const deleted =
    operation === 'DEL' || operation === 'PURGE' || message.header('Nats-Marker-Reason') !== undefined;
  return {
    key: message.subject.slice(prefix.length),
    value: Uint8Array.from(message.data),
    revision: message.sequence,
    timestampUs: message.timestampUs,
    deleted,
  };
}
