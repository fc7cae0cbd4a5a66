import type { Attributes } from '@katbus/protocol';
import type { SampleColumns } from '../sample-columns.ts';
import type { HistoryPiece } from '../sample-summary.ts';
import type { StoredSample } from '../stored-sample.ts';
import type { CqlSession } from './session/cql-session.ts';

/** Since when samples of a sensor go into partitions of which width, by `time`. The first span begins at -Infinity. */
export interface WidthSpan {
  readonly fromUs: number;
  readonly width: PartitionWidth;
}

/** How many samples a sensor has in a given time decides how long its partitions are; each layout makes of it what suits its rows. */
export type PartitionWidth = 'slow' | 'normal' | 'fast';

/** A sensor as layouts know it. */
export interface LayoutSensor {
  /** From its name (sensor-id.ts), so that it is the same in each process and after each accident. A positive integer below 2^52. */
  readonly id: number;
  readonly component: string;
  readonly sensor: string;
  /** In order of time; one at least. */
  readonly widths: readonly WidthSpan[];
  /** The newest announced; undefined when there were none. */
  readonly attributes?: Attributes | undefined;
}

/** Attributes that are newer than those of the sensor. */
export interface LayoutAnnouncement {
  readonly sensor: LayoutSensor;
  readonly attributes: Attributes;
}

/** Samples of a batch, with the sensors that their numbers mean. */
export interface LayoutBatch {
  readonly columns: SampleColumns;
  /** When the stream took each sample, microseconds; where that is not known, when it was handed over. */
  readonly received: Float64Array;
  sensorOf(number: number): LayoutSensor;
}

export interface LayoutPieceOptions {
  /** Whether samples between these two times (both belong to it) may be summed up; absent: never. */
  readonly maySumUp?: ((firstUs: number, lastUs: number) => boolean) | undefined;
  /** About the most samples of a block; who asks for few will not read far, most often. */
  readonly samplesAtOnce?: number | undefined;
  /** Of one request that asks for several sensors: an object that stands for it. What is the same for all sensors is looked up once. */
  readonly request?: object | undefined;
}

/** How samples lie in Cassandra: the tables, how they are written, and how they are read. STORAGE.md, "Cassandra", has them. */
export interface Layout {
  readonly name: LayoutName;
  /** Makes its tables where they are missing: `CREATE TABLE IF NOT EXISTS`, without a keyspace in front. */
  readonly tables: readonly string[];
  writer(session: CqlSession): LayoutWriter;
  reader(session: CqlSession): LayoutReader;
  /** What it does by itself beside writing and reading, in a thread of its own; undefined: nothing. */
  readonly keeper?: ((session: CqlSession) => LayoutKeeper) | undefined;
}

export const LAYOUTS = ['chunks', 'rows', 'mon'] as const;
export type LayoutName = (typeof LAYOUTS)[number];

export interface LayoutWriter {
  /**
   * Resolves when all samples are acknowledged. Writing them again changes nothing.
   * @throws {StoreError} any part may be stored. REFUSED: a sample will never be taken as it is
   */
  write(batch: LayoutBatch): Promise<void>;
  /** What is new of sensors whose attributes are not those any more that they have until now; absent: it keeps none. @throws {StoreError} */
  describe?(announced: Iterable<LayoutAnnouncement>): Promise<void>;
  /** What it remembers as written may be gone: it is written again when it comes by. */
  forgetWritten?(): void;
  close(): Promise<void>;
}

export interface LayoutReader {
  /** Samples with startUs <= time < endUs in order of time, each once, piece by piece, each of some milliseconds of work. */
  pieces(
    sensor: LayoutSensor,
    startUs: number,
    endUs: number,
    options?: LayoutPieceOptions,
  ): AsyncIterable<HistoryPiece>;
  /** The last sample before a time. @param notBeforeUs there is none before it */
  lastBefore(sensor: LayoutSensor, timeUs: number, notBeforeUs?: number): Promise<StoredSample | undefined>;
  close(): Promise<void>;
}

export interface LayoutKeeper {
  /** One pass over what is due at a time: seals what is over. */
  pass(nowMs: number): Promise<KeeperReport>;
  /** At a time, also in the midst of a pass: how long ago the oldest that is not sealed was due; undefined: not known yet. */
  lagSeconds(nowMs: number): number | undefined;
  /** Ends the pass under way; what it has not done is done by a later one. */
  close(): Promise<void>;
}

/** What a pass did. */
export interface KeeperReport {
  readonly sealedSlices: number;
  readonly samples: number;
  readonly chunks: number;
}
