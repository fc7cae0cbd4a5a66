import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@katbus/bus/daemon';
import {
  DurableConsumer,
  STREAMS,
  streamState,
  type BusConnection,
  type ConsumerEvent,
} from '@katbus/bus/nats';
import type { Backend, WriteSummary } from '../backend/backend.ts';
import { missingMessages, type QuarantinedRow, type StreamFloor } from '../backend/write-batch.ts';
import { StoreError } from '../errors.ts';
import type { StoreMetrics } from '../store-metrics.ts';
import { ArchiverStatus } from './archiver-status.ts';
import { settledOptions, type ArchiverOptions, type SettledOptions } from './archiver-options.ts';
import { BackOff } from './back-off.ts';
import type { Batch } from './batch.ts';
import { AttributesInquiry } from './attributes-inquiry.ts';
import { BatchWriter, type BatchResult } from './batch-writer.ts';
import { Decoder } from './decoder.ts';
import { gapLines } from './gap-rows.ts';
import { Gatherer } from './gatherer.ts';
import { answerOf } from './patient-question.ts';
import { poisonRow } from './poison-row.ts';
import { Preparation } from './preparation.ts';
import { storeAgain, type RetryOutcome } from './quarantine-retry.ts';
import { SensorBook } from './sensor-book.ts';
import { StreamPosition } from './stream-position.ts';

/**
 * The durable consumer's name begins so; the archive's identity follows. What two archives read stays apart, even when one of them was stopped
 * for so long that another has taken its place, and comes back: it can take nothing away.
 */
const DURABLE = 'archiver';
/** The server's record is a convenience: the archive knows its place itself. Of an archive that is gone it goes after so long. */
const INACTIVE_MS = 3_600_000;

/** Messages that are read ahead of the batch being gathered. */
const READ_AHEAD = 10_000;
/** Written while nothing comes. */
const NOTHING = { samples: [], attributes: [], quarantine: [], gaps: [] } as const;

export interface ArchiverParts {
  readonly connection: BusConnection;
  readonly backend: Backend;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  /** Run before the stream is opened, again and again until it succeeds: makes the streams, where that is wanted. */
  readonly prepare?: () => Promise<void>;
  /** The catalogue holds new sensors or attributes, durably. */
  readonly onCatalogueChanged: () => void;
  /** A batch is stored: told of each once, in the order of the stream; what is read again comes again. */
  readonly onStored?: ((batch: Batch, result: BatchResult) => void) | undefined;
  /** Whether this is the one active archiver, at this moment: asked before each step that must not be done twice. */
  readonly isActive: () => boolean;
}

/**
 * Reads ARCHIVE and writes it to a back end; a message is acknowledged when what it holds is durable.
 *
 * While one batch is written, the next is gathered and decoded; writes never overlap, so that of two samples with one identity the later stays.
 * When the back end may have lost what it had acknowledged (`WriteSummary.setBack`), it begins again (`Backend.begin`).
 * Of several archivers one is active (election.ts). One that is not any more, and has not been told yet, writes and acknowledges nothing.
 */
export class Archiver {
  readonly status: ArchiverStatus;
  readonly #parts: ArchiverParts;
  readonly #options: SettledOptions;
  readonly #book = new SensorBook();
  readonly #inquiry: AttributesInquiry;
  readonly #gatherer: Gatherer;
  readonly #writer: BatchWriter;
  readonly #position: StreamPosition;
  readonly #preparation: Preparation;
  readonly #stopping = new AbortController();
  #floor: StreamFloor | undefined;
  /** Why the stream is to be read again from further back. */
  #setBack: string | undefined;
  #isWriting = false;
  #lagMessages = 0;
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(parts: ArchiverParts, options: ArchiverOptions = {}) {
    this.#parts = parts;
    this.#options = settledOptions(options, parts.backend.intake);
    this.status = new ArchiverStatus(parts.logger);
    this.#inquiry = new AttributesInquiry(
      parts.connection,
      (component) => {
        parts.metrics.attributesAsked.inc();
        parts.logger.info(`asking for attributes: ${component}`);
      },
      this.#options.inquiry,
    );
    const decoder = new Decoder(this.#book, {
      onUndeclared: (component) => this.#inquiry.missed(component),
      onAttributes: (component) => this.#inquiry.came(component),
    });
    this.#position = new StreamPosition(parts.connection, STREAMS.archive);
    this.#gatherer = new Gatherer({
      options: this.#options,
      book: this.#book,
      decoder,
      position: this.#position,
      recall: async (messages) =>
        (await this.#answerOf(() => this.#book.recall(messages, parts.backend))) !== undefined,
      isEnding: () => this.#isEnding(),
      isWriting: () => this.#isWriting,
    });
    this.#preparation = new Preparation({
      connection: parts.connection,
      prepare: parts.prepare,
      backOff: this.#options.backOff,
      signal: this.#stopping.signal,
      onFailure: (reason) => this.status.interrupted(reason),
    });
    this.#writer = new BatchWriter({
      backend: parts.backend,
      status: this.status,
      backOff: this.#options.backOff,
      toQuarantine: (item, error) => poisonRow(parts.connection, item, error),
      onFailure: (error) => {
        parts.metrics.writeFailures.inc({ code: error instanceof StoreError ? error.code : 'UNKNOWN' });
      },
    });
  }

  /** Through which message everything is stored; undefined: nothing is yet. */
  get floor(): StreamFloor | undefined {
    return this.#floor;
  }

  /** Known sensors, those of the batch in hand with them. */
  get sensors(): number {
    return this.#book.size;
  }

  /** Messages in the stream that are not stored yet, or that were not when the stream could last be asked. */
  async lagMessages(): Promise<number> {
    try {
      const { firstSequence, lastSequence } = await streamState(this.#parts.connection, STREAMS.archive);
      const readTo = Math.max(this.#floor?.sequence ?? 0, firstSequence - 1);
      this.#lagMessages = Math.max(0, lastSequence - readTo);
    } catch {
      // The state tells that the stream is away; the last known figure says how far behind that leaves us at least.
    }
    return this.#lagMessages;
  }

  /** Archives until {@link stop}. @throws {StoreError} when the back end is gone for good */
  async run(): Promise<void> {
    const { backend } = this.#parts;
    try {
      await this.#answerOf(() => this.#book.load(backend));
      do {
        this.#setBack = undefined;
        const start = await this.#answerOf(() => backend.begin());
        if (start === undefined) return;
        this.#floor = start.answer;
        await this.#read();
      } while (this.#setBack !== undefined && !this.#stopping.signal.aborted);
    } finally {
      this.#inquiry.close();
      this.status.stopped();
    }
  }

  /**
   * Decodes quarantined messages with the attributes of today and stores those that are good now. They stay in quarantine: whoever asks takes them
   * out when he has heard.
   * @throws {StoreError} when the back end cannot write now
   */
  async retry(rows: readonly QuarantinedRow[]): Promise<RetryOutcome> {
    const { backend, onCatalogueChanged } = this.#parts;
    return storeAgain(rows, this.#book, async (batch) => {
      const summary = await this.#exclusively(() => backend.write(batch));
      this.#heed(summary);
      if (summary.newSensors + summary.changedAttributes > 0) onCatalogueChanged();
    });
  }

  /** Stores and acknowledges what is in hand, if the store takes it; then {@link run} resolves. */
  stop(): void {
    this.#stopping.abort();
  }

  /** From the floor on, until it is to stop, or is not active any more, or the back end was set back. */
  async #read(): Promise<void> {
    const consumer = await this.#open();
    try {
      if (consumer !== undefined) await this.#archive(consumer);
    } finally {
      consumer?.close();
    }
  }

  /** @returns undefined when it is to stop before it could */
  async #open(): Promise<DurableConsumer | undefined> {
    const { connection, backend } = this.#parts;
    const { batchMessages } = this.#options;
    const ahead = Math.min(batchMessages, READ_AHEAD);
    const backOff = new BackOff(this.#options.backOff);
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#preparation.attempt();
        const after = await this.#position.startAfter(this.#floor);
        if (after.sequence === 0 && this.#floor !== undefined) {
          this.#floor = undefined;
          this.#inquiry.lost(this.#book.components);
        }
        return await DurableConsumer.open(connection, {
          stream: STREAMS.archive,
          durable: `${DURABLE}-${backend.identity}`,
          inactiveMs: INACTIVE_MS,
          after,
          batchMessages: ahead,
          maxAckPending: 2 * batchMessages + 4 * ahead,
          onEvent: (event) => this.#onEvent(event),
        });
      } catch (error) {
        this.status.opening(messageOf(error));
        await delay(backOff.next(), undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  #onEvent(event: ConsumerEvent): void {
    switch (event.type) {
      case 'lost':
        this.status.interrupted(event.detail);
        // The stream itself may be gone, with a store that was wiped: the consumer mends itself as soon as there is one again.
        void this.#preparation.again(() => !this.status.isReading);
        break;
      case 'ready':
        this.status.reading(event.nextSequence);
        break;
      case 'gap':
        this.#position.noteGap(event);
        break;
      case 'stream-reset':
        this.#position.noteReset(event.detail);
        this.#parts.logger.warn(`${event.detail}: what is there is read again`);
        // Of the stream as it is now, nothing is known to be stored.
        this.#floor = undefined;
        // What was announced may have gone with it.
        this.#inquiry.lost(this.#book.components);
    }
  }

  async #archive(consumer: DurableConsumer): Promise<void> {
    let writing = Promise.resolve(true);
    while (!this.#isEnding()) {
      const batch = await this.#gatherer.gather(consumer, this.#floor);
      // Stored after one that was not, it would raise the floor over it.
      if (!(await writing)) return;
      if (batch.isEmpty && this.#isEnding()) return;
      this.#isWriting = true;
      writing = (batch.isEmpty ? this.#touch() : this.#store(batch, consumer)).finally(() => {
        this.#isWriting = false;
      });
      // Its failure is met by the await above or below; until then it must not count as unhandled.
      writing.catch(() => undefined);
    }
    await writing;
  }

  /** An archive that cannot be read now will be. @returns undefined when it is to stop before that @throws {StoreError} when it is gone for good */
  async #answerOf<Answer>(ask: () => Promise<Answer>): Promise<{ readonly answer: Answer } | undefined> {
    let hasFailed = false;
    const answer = await answerOf({
      ask,
      backOff: this.#options.backOff,
      signal: this.#stopping.signal,
      onFailure: (reason) => {
        hasFailed = true;
        this.status.storeFailing(reason);
      },
    });
    // Whether it can be written to as well, whoever writes finds out.
    if (hasFailed && answer !== undefined && !this.#isWriting) this.status.storeWriting();
    return answer;
  }

  /** Nothing came for a while (`BackendIntake.idleWriteMs`). @returns whether the back end took it */
  async #touch(): Promise<boolean> {
    if (!this.#parts.isActive()) return true;
    const batch = { ...NOTHING, floor: this.#floor };
    const result = await this.#exclusively(() => this.#writer.write(batch, this.#stopping.signal));
    if (result !== undefined) this.#heed(result.summary);
    return result !== undefined;
  }

  /** @returns whether it is stored */
  async #store(batch: Batch, consumer: DurableConsumer): Promise<boolean> {
    const { metrics, logger, isActive } = this.#parts;
    if (!isActive()) return this.#leave(batch, 'another store is active');
    const floor = await this.#position.floorOf(batch);
    const endTimer = metrics.commitSeconds.startTimer();
    const result = await this.#exclusively(() =>
      this.#writer.write(batch.toWrite(floor), this.#stopping.signal),
    );
    if (result === undefined) return this.#leave(batch, 'the store did not take them');
    endTimer();
    const { summary, poison } = result;
    this.#count(batch, result);
    this.#heed(summary);
    for (const line of gapLines(batch.gaps)) logger.warn(line);
    for (const { subject, text } of poison) logger.error(`put into quarantine: ${subject}: ${text}`);
    if (!isActive()) return this.#leave(batch, 'another store became active while they were written');
    if (summary.newSensors > 0 || summary.changedAttributes > 0) this.#parts.onCatalogueChanged();
    if (floor === undefined || batch.last === undefined || !this.#position.isOfPresentRun(batch)) return true;
    if (this.#setBack !== undefined) return true;
    this.#floor = floor;
    try {
      await consumer.acknowledge(batch.last);
    } catch (error) {
      // They come again, or the acknowledgement of a later batch covers them.
      logger.debug(`not acknowledged: ${messageOf(error)}`);
    }
    return true;
  }

  /** Whether this reading of the stream is to end. */
  #isEnding(): boolean {
    return this.#stopping.signal.aborted || this.#setBack !== undefined;
  }

  /** What was acknowledged may be gone: nothing more is, until it has been read again. */
  #heed({ setBack }: WriteSummary): void {
    if (setBack === undefined) return;
    this.#setBack = setBack;
    this.#parts.metrics.setBacks.inc();
    this.status.setBack(setBack);
  }

  /** Nothing of it is acknowledged: whoever is active reads it, and so does this archive when it is active again. */
  #leave(batch: Batch, reason: string): false {
    this.#parts.logger.warn(`${batch.messages} messages are left in the stream: ${reason}`);
    return false;
  }

  /** One write at a time, whoever wants it. */
  #exclusively<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#lastWrite.then(act);
    this.#lastWrite = result.catch(() => undefined);
    return result;
  }

  #count(batch: Batch, { summary, poison }: BatchResult): void {
    const { metrics } = this.#parts;
    metrics.samples.inc(batch.samples.length - poison.length);
    for (const { reason } of poison) metrics.quarantined.inc({ reason });
    metrics.batchRows.observe(batch.samples.length + batch.attributes.length + batch.quarantine.length);
    metrics.redelivered.inc(batch.redelivered);
    for (const { reason } of batch.quarantine) metrics.quarantined.inc({ reason });
    metrics.quarantineDropped.inc(summary.quarantineDropped);
    for (const gap of batch.gaps) {
      metrics.gaps.inc();
      metrics.gapMessages.inc(missingMessages(gap));
    }
    this.#parts.onStored?.(batch, { summary, poison });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
