import type { Attributes, SensorAddress } from '@katbus/protocol';
import type { BinsPart, BinsQuery } from '../bins/bins-query.ts';
import type { OperatedPart, OperatorQuery } from '../operators/operator-query.ts';
import type { SampleRow, StoredSample } from './stored-sample.ts';
import type { GapRow, QuarantinedRow, StreamFloor, WriteBatch } from './write-batch.ts';

/**
 * Where samples are kept. Each back end passes test/backend/backend-suite.ts, which is the specification.
 *
 * Every method rejects with a StoreError. Reads see everything whose `write` has resolved.
 */
export interface Backend {
  readonly name: string;
  /** What tells this archive, in this place, from every other: no two living processes have the same. `[0-9a-f]+` */
  readonly identity: string;
  /** Absent: as a local disk likes it. */
  readonly intake?: BackendIntake;

  /**
   * This process is the one that writes from now on: what another has written until now is known when it resolves. Only of back ends that several
   * processes may have open at a time.
   */
  takeOver?(): Promise<void>;

  /**
   * Stores a batch. When it resolves, everything in it is as durable as the back end promises (STORAGE.md). When it rejects, any
   * part may have been stored; the same batch is to be written again, which is harmless. One call at a time.
   */
  write(batch: WriteBatch): Promise<WriteSummary>;

  /** Samples of one sensor with startUs <= time < endUs in order of time, in blocks; memory is bounded by one block. */
  history(query: HistoryQuery): AsyncIterable<HistoryBlock>;

  /** One page of bins of some sensors. */
  bins(query: BinsQuery): Promise<BinsPart>;

  /** One page of what an operator makes of a sensor's samples. */
  operate(query: OperatorQuery): Promise<OperatedPart>;

  /** The last sample before a time. */
  lastBefore(address: SensorAddress, timeUs: number): Promise<StoredSample | undefined>;

  /** The latest sample of each sensor whose archive subject one of the NATS patterns matches, by component and sensor. */
  latest(query: LatestQuery): Promise<Page<SampleRow>>;

  /** Known sensors, by component and sensor. */
  catalogue(query: CatalogueQuery): Promise<Page<CatalogueRow>>;

  /** One sensor of the catalogue; undefined when it was never heard of. */
  sensor(address: SensorAddress): Promise<CatalogueRow | undefined>;

  /** The attributes that held at some time in startUs <= time < endUs, oldest first, with the time from which each held. */
  attributesHistory(address: SensorAddress, startUs: number, endUs: number): Promise<AttributesSpan[]>;

  /** undefined: nothing was ever stored. */
  floor(): Promise<StreamFloor | undefined>;

  /**
   * After which message an archiver that begins now would read the stream: that of {@link floor}, or, of a back end that acknowledges what a
   * crash can still take away, an earlier one, behind which nothing can be lost. Only looks.
   */
  startFloor(): Promise<StreamFloor | undefined>;

  /**
   * An archiver begins, or begins again because {@link WriteSummary.setBack} says so, after the answer, which is that of {@link startFloor}. What
   * was recorded beyond it counts no more: whoever is killed before he has come as far again must not begin there.
   */
  begin(): Promise<StreamFloor | undefined>;

  /** Quarantined messages, oldest first. */
  quarantine(query: QuarantineQuery): Promise<QuarantinePage>;

  /** Takes messages out of quarantine. @returns how many were there */
  releaseQuarantined(ids: readonly number[]): Promise<number>;

  /** Ranges of the stream that were lost, in the order in which they were found. */
  gaps(): Promise<GapRow[]>;

  statistics(): Promise<BackendStatistics>;

  /**
   * Everything that {@link writeTallies} wrote, in any order: what reports are made of (STORAGE.md, "Reports"). Asked for once, at the start.
   *
   * For whoever writes a back end: a table of a name and its bytes, which are nobody's business here. Cassandra:
   * `tallies (name text PRIMARY KEY, data blob)`, read page by page. A part has up to 1 MiB, mostly about 100 KiB for 1,000 sensors.
   */
  tallies(): Promise<TallyPart[]>;

  /**
   * Each part takes the place of the one of its name; others stay. Some parts every few seconds, beside writes, so that each is written about once
   * a minute. As durable as the rest; when it rejects, or a crash takes a part back, reports have counted a little less, and no sample is lost.
   */
  writeTallies(parts: readonly TallyPart[]): Promise<void>;

  /**
   * What the samples of each day take, by their `time`, in order of days; empty where a back end does not keep days apart, as Cassandra: there the
   * growth of {@link BackendStatistics.bytes} from day to day tells.
   */
  days(): Promise<DayBytes[]>;

  /** Waits for a write under way. Calls after it reject with code CLOSED. */
  close(): Promise<void>;
}

/** How a back end is best written to. */
export interface BackendIntake {
  /** Most messages of a batch, as there are in a backlog: more is better where each write has its price. */
  readonly batchMessages?: number;
  /** Most payload bytes of a batch. */
  readonly batchBytes?: number;
  /**
   * While nothing comes, an empty batch with the floor is written so often: what has been stored for long is told from what was stored just
   * now, and a {@link WriteSummary.setBack} is heard. Absent: never.
   */
  readonly idleWriteMs?: number;
}

/** What a write changed besides samples. */
export interface WriteSummary {
  /** Sensors that the catalogue did not know. */
  readonly newSensors: number;
  readonly changedAttributes: number;
  /** Quarantined messages that went because newer ones needed the room. */
  readonly quarantineDropped: number;
  /** Why what was written lately may be gone, as after a crash of the store's host: the archiver is to `begin` again. */
  readonly setBack?: string | undefined;
}

export interface HistoryQuery extends SensorAddress {
  readonly startUs: number;
  readonly endUs: number;
  /** Most samples in a block; default {@link HISTORY_BLOCK}. */
  readonly blockSamples?: number;
  /** About the most bytes of a block, as JSON; one larger sample makes a block of its own. */
  readonly blockBytes?: number;
}

/** `blockMs`: a block is handed out, even an empty one, when the search for more took so long. */
export const HISTORY_BLOCK = { samples: 5_000, bytes: 512 * 1024, ms: 1_000 } as const;

export interface HistoryBlock {
  readonly samples: readonly StoredSample[];
  /** From where a later query goes on; undefined on the last block. */
  readonly nextUs: number | undefined;
}

/** A part of an ordered list. `next` is the last of it, when more follows: `after` of the next query. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: SensorAddress | undefined;
}

export interface PageQuery {
  readonly after?: SensorAddress | undefined;
  readonly limit: number;
  /** About the most bytes of a page, as JSON; a page holds one row at least. */
  readonly bytes?: number | undefined;
}

export interface LatestQuery extends PageQuery {
  /** NATS patterns over `sensor.archive.<component>.<sensor>`. */
  readonly subjects: readonly string[];
}

export interface CatalogueQuery extends PageQuery {
  readonly component?: string | undefined;
  /** RE2, searched in the normalised and in the KATCP name. */
  readonly filter?: string | undefined;
}

export interface CatalogueRow extends SensorAddress {
  /** The newest announced; undefined when there were none. */
  readonly attributes: Attributes | undefined;
  /** Times of the oldest and the newest sample; undefined when there is none. */
  readonly firstUs: number | undefined;
  readonly lastUs: number | undefined;
  /** When the stream took its newest attributes; undefined when there are none. */
  readonly attributesFromUs: number | undefined;
  /** The number of the clock epoch of its latest sample. */
  readonly latestEpoch: number;
}

export interface AttributesSpan {
  readonly fromUs: number;
  readonly attributes: Attributes;
}

export interface QuarantineQuery {
  /** `next` of the page before. */
  readonly after?: number | undefined;
  readonly limit: number;
  /** About the most payload bytes of a page; a page holds one row at least. */
  readonly bytes?: number | undefined;
  /** Only these. */
  readonly ids?: readonly number[] | undefined;
  readonly reason?: string | undefined;
  /** Only what the stream took then or later. */
  readonly sinceUs?: number | undefined;
}

export interface QuarantinePage {
  readonly rows: readonly QuarantinedRow[];
  /** The last id of the page, when more may follow. */
  readonly next: number | undefined;
}

/** A part of what is counted for reports (report/sensor-tallies.ts knows what is in it). */
export interface TallyPart {
  /** `[a-z0-9-]+` */
  readonly name: string;
  readonly data: Uint8Array;
}

export interface DayBytes {
  /** Days since 1970-01-01, UTC. */
  readonly day: number;
  readonly bytes: number;
}

export interface BackendStatistics {
  readonly sensors: number;
  /** Messages in quarantine now. */
  readonly quarantined: number;
  readonly quarantineBytes: number;
  /** What the back end takes on disk, or in memory (about). */
  readonly bytes: number;
}
