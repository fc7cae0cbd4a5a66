import { setTimeout as delay } from 'node:timers/promises';
import type { Backend, WriteSummary } from '../backend/backend.ts';
import type { QuarantineRow, WriteBatch } from '../backend/write-batch.ts';
import { StoreError } from '../errors.ts';
import type { ArchiverStatus } from './archiver-status.ts';
import { BackOff, type BackOffOptions } from './back-off.ts';
import {
  halves,
  itemsOf,
  rowsOf,
  withoutItems,
  withShortPayloads,
  type PoisonItem,
} from './poison-search.ts';

export interface BatchWriterParts {
  readonly backend: Backend;
  readonly status: ArchiverStatus;
  readonly backOff: BackOffOptions;
  /** Told of each attempt that failed. */
  readonly onFailure: (error: unknown) => void;
  /** The message that brought a row which the back end will never take, and why it will not. */
  readonly toQuarantine: (item: PoisonItem, error: unknown) => Promise<QuarantineRow>;
}

const NOTHING: WriteSummary = { newSensors: 0, changedAttributes: 0, quarantineDropped: 0 };

/**
 * Writes a batch until it is written: a store that is away costs time, never a sample. A row that the back end will never take is searched
 * for by halves and put into quarantine, so that it does not hold up the rest for ever.
 */
export class BatchWriter {
  readonly #parts: BatchWriterParts;
  readonly #backOff: BackOff;

  constructor(parts: BatchWriterParts) {
    this.#parts = parts;
    this.#backOff = new BackOff(parts.backOff);
  }

  /**
   * @returns undefined when `signal` came while the store was failing: the batch is not stored, or not all of it
   * @throws {StoreError} when the back end is gone for good
   */
  async write(batch: WriteBatch, signal: AbortSignal): Promise<BatchResult | undefined> {
    const whole = await this.#attempt(batch, signal);
    if (whole === undefined) return undefined;
    if (!isPoisoned(whole)) return { summary: whole, poison: [] };
    // Once more as it is: what is no fault of a row may not happen again.
    const again = await this.#attempt(batch, signal);
    if (again === undefined) return undefined;
    if (!isPoisoned(again)) return { summary: again, poison: [] };
    return this.#withoutPoison(batch, signal);
  }

  /** In the order of the batch, so that of two with one identity the later stays. */
  async #withoutPoison(batch: WriteBatch, signal: AbortSignal): Promise<BatchResult | undefined> {
    const poison: QuarantineRow[] = [];
    let summary = NOTHING;
    const waiting: PoisonItem[][] = [itemsOf(batch)];
    for (let items = waiting.pop(); items !== undefined; items = waiting.pop()) {
      if (items.length === 0) continue;
      const outcome = await this.#attempt(rowsOf(items), signal);
      if (outcome === undefined) return undefined;
      if (!isPoisoned(outcome)) summary = sumOf(summary, outcome);
      else if (items.length === 1) poison.push(await this.#parts.toQuarantine(items[0]!, outcome.poisonedBy));
      else {
        const [first, second] = halves(items);
        waiting.push(second, first);
      }
    }
    const others = withoutItems(batch, poison);
    let rest = await this.#attempt(others, signal);
    if (rest !== undefined && isPoisoned(rest)) rest = await this.#attempt(withShortPayloads(others), signal);
    if (rest === undefined) return undefined;
    if (isPoisoned(rest)) throw rest.poisonedBy;
    return { summary: sumOf(summary, rest), poison };
  }

  /** Until it is written, or the back end says that it never will be. @returns undefined when it is to stop */
  async #attempt(batch: WriteBatch, signal: AbortSignal): Promise<WriteSummary | Poisoned | undefined> {
    const { backend, status, onFailure } = this.#parts;
    for (;;) {
      try {
        const summary = await backend.write(batch);
        this.#backOff.reset();
        status.storeWriting();
        return summary;
      } catch (error) {
        onFailure(error);
        if (isOfARow(error)) return { poisonedBy: error };
        if (error instanceof StoreError && !error.isRetryable) throw error;
        status.storeFailing(error instanceof Error ? error.message : String(error));
      }
      if (signal.aborted) return undefined;
      await delay(this.#backOff.next(), undefined, { signal }).catch(() => undefined);
    }
  }
}

export interface BatchResult {
  readonly summary: WriteSummary;
  /** What was put into quarantine instead of being stored. */
  readonly poison: readonly QuarantineRow[];
}

interface Poisoned {
  readonly poisonedBy: unknown;
}

function isPoisoned(outcome: WriteSummary | Poisoned): outcome is Poisoned {
  return 'poisonedBy' in outcome;
}

/** What no waiting mends: the back end refuses a row, or meets a fault of its own, which another row need not meet. */
function isOfARow(error: unknown): boolean {
  return !(error instanceof StoreError) || error.code === 'REFUSED';
}

function sumOf(a: WriteSummary, b: WriteSummary): WriteSummary {
  return {
    newSensors: a.newSensors + b.newSensors,
    changedAttributes: a.changedAttributes + b.changedAttributes,
    quarantineDropped: a.quarantineDropped + b.quarantineDropped,
    setBack: b.setBack ?? a.setBack,
  };
}
