import type { BusConnection } from './connection.ts';
import { kvEntryOf, type KvEntry } from './kv-entry.ts';
import { OrderedReader } from './ordered-reader.ts';

const BATCH = 500;

/**
 * Follows a bucket that need not be there: it is not made, as {@link KvBucket.open} would.
 * @param pattern as {@link KvBucket.watch}
 * @returns the undo, once the present state has been told
 * @throws {StreamMissingError} when there is no such bucket @throws {JetStreamError} @throws {DisconnectedError}
 */
export function watchBucket(
  connection: BusConnection,
  bucket: string,
  pattern: string,
  onEntry: (entry: KvEntry) => void,
): Promise<() => void> {
  const prefix = `$KV.${bucket}.`;
  return new KvWatch(connection, `KV_${bucket}`, prefix, onEntry).start(`${prefix}${pattern}`);
}

/**
 * Follows a bucket. After an interruption it reads the present state again, tells what differs from what it told last, and tells of keys
 * as deleted that have gone meanwhile without a trace (a bucket that was made anew, a marker that has run out).
 */
export class KvWatch {
  readonly #connection: BusConnection;
  readonly #stream: string;
  readonly #prefix: string;
  readonly #onEntry: (entry: KvEntry) => void;
  /** Revision and time of what was told last: a bucket that is made anew gives its revisions again. */
  readonly #told = new Map<string, string>();
  readonly #ended = new AbortController();
  #seen = new Set<string>();
  #pending = 0;

  constructor(connection: BusConnection, stream: string, prefix: string, onEntry: (entry: KvEntry) => void) {
    this.#connection = connection;
    this.#stream = stream;
    this.#prefix = prefix;
    this.#onEntry = onEntry;
  }

  /** Resolves when the present state has been told. @returns the undo */
  start(filter: string): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const caughtUp = () => {
        this.#tellVanished();
        resolve(() => {
          this.#ended.abort();
        });
      };
      new OrderedReader(this.#connection, {
        stream: this.#stream,
        filters: [filter],
        start: { deliver_policy: 'last_per_subject' },
        afterLoss: 'start-over',
        batchMessages: BATCH,
        signal: this.#ended.signal,
        onStart: (pending) => {
          this.#pending = pending;
          this.#seen = new Set();
          if (pending === 0) caughtUp();
        },
        onMessage: (message) => {
          this.#tell(kvEntryOf(message, this.#prefix));
          this.#pending -= 1;
          if (this.#pending === 0) caughtUp();
        },
        isDone: () => false,
      })
        .run()
        // Ends by the undo, by a closed connection, or at the first attempt: then `start` is told.
        .catch(reject);
    });
  }

  #tell(entry: KvEntry): void {
    this.#seen.add(entry.key);
    const identity = `${entry.revision} ${entry.timestampUs}`;
    if (this.#told.get(entry.key) === identity) return;
    const isNews = !entry.deleted || this.#told.has(entry.key);
    if (entry.deleted) this.#told.delete(entry.key);
    else this.#told.set(entry.key, identity);
    if (isNews) this.#callBack(entry);
  }

  #tellVanished(): void {
    for (const key of [...this.#told.keys()]) {
      if (this.#seen.has(key)) continue;
      this.#told.delete(key);
      this.#callBack({ key, value: new Uint8Array(), revision: 0, timestampUs: 0, deleted: true });
    }
  }

  /** What a handler throws must not end the watch. */
  #callBack(entry: KvEntry): void {
    try {
      this.#onEntry(entry);
    } catch (error) {
      this.#connection.report(`handler of ${this.#prefix}${entry.key} threw: ${String(error)}`);
    }
  }
}
