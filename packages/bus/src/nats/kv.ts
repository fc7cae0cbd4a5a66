import { Kvm, type KV, type KvEntry as NatsKvEntry, type KvOptions as NatsKvOptions } from '@nats-io/kv';
import { JetStreamApiError, type StreamConfig, type StreamInfo } from '@nats-io/jetstream';
import { natsOf, type BusConnection } from './connection.ts';
import { JetStreamError, MalformedKeyError, RequestTimeoutError, RevisionConflictError } from './errors.ts';
import { API_CODE, callJetStream } from './jetstream-api.ts';
import { kvEntryOf, type KvEntry } from './kv-entry.ts';
import { KvWatch } from './kv-watch.ts';
import { lastValues } from './last-values.ts';
import { maxAgeConfig } from './stream-settings.ts';

/** What is not given is left as an existing bucket has it, and a new one gets {@link KV_DEFAULTS}. */
export interface KvOptions {
  readonly description?: string | undefined;
  readonly replicas?: number | undefined;
  /** Values kept of each key. */
  readonly history?: number | undefined;
  /** Keys vanish so long after they were last written; 0: never. Watchers are told. */
  readonly ttlSeconds?: number | undefined;
  /** Past it, writes are refused. */
  readonly maxBytes?: number | undefined;
}

export const KV_DEFAULTS = { replicas: 1, history: 1, ttlSeconds: 0, maxBytes: 64 * 1024 ** 2 } as const;

const KEY = /^[-/=\w](?:[-/=.\w]*[-/=\w])?$/;
const PATTERN = /^[-/=.>*\w]+$/;
const BUCKET = /^[-\w]+$/;
/** How long the trace of a key that ran out stays: long enough for a watcher that was away to see it. */
const MARKER_TTL_MS = 3_600_000;

/** A key-value bucket of JetStream: what `nats kv` shows. Reads are answered by the leader, so they see what was written before. */
export class KvBucket {
  readonly bucket: string;
  readonly #connection: BusConnection;
  readonly #kv: KV;

  private constructor(connection: BusConnection, bucket: string, kv: KV) {
    this.#connection = connection;
    this.bucket = bucket;
    this.#kv = kv;
  }

  /** Opens a bucket, and makes it when it is missing. @throws {MalformedKeyError} @throws {JetStreamError} @throws {DisconnectedError} */
  static async open(connection: BusConnection, bucket: string, options: KvOptions = {}): Promise<KvBucket> {
    if (!BUCKET.test(bucket)) throw new MalformedKeyError('bucket', bucket);
    const manager = new Kvm(natsOf(connection));
    const ttlSeconds = options.ttlSeconds ?? KV_DEFAULTS.ttlSeconds;
    const natsKvOptions: Partial<NatsKvOptions> = {
      replicas: options.replicas ?? KV_DEFAULTS.replicas,
      history: options.history ?? KV_DEFAULTS.history,
      max_bytes: options.maxBytes ?? KV_DEFAULTS.maxBytes,
      description: options.description ?? '',
      ...(ttlSeconds === 0 ? {} : { ttl: ttlSeconds * 1000, markerTTL: MARKER_TTL_MS }),
    };
    try {
      connection.checkConnected(`open bucket ${bucket}`);
      await connection.whileConnected(manager.create(bucket, natsKvOptions));
      await enforce(connection, bucket, options);
      // The second handle is for reading by the leader: a direct get, which the first one would use, may be stale on a mesh.
      return new KvBucket(connection, bucket, await manager.open(bucket, { allow_direct: false }));
    } catch (error) {
      throw explain(error, `open bucket ${bucket}`);
    }
  }

  /** @returns undefined when there is no such key @throws {MalformedKeyError} @throws {JetStreamError} */
  async get(key: string): Promise<KvEntry | undefined> {
    checkKey(key);
    const entry = await this.#call(`read ${key}`, () => this.#kv.get(key));
    return entry?.operation === 'PUT' ? entryOf(entry) : undefined;
  }

  /** Writes whatever is there. @returns the revision @throws {MalformedKeyError} @throws {JetStreamError} */
  async put(key: string, value: Uint8Array | string): Promise<number> {
    checkKey(key);
    return this.#call(`write ${key}`, () => this.#kv.put(key, value));
  }

  /** Writes a key that is not there. @returns the revision @throws {RevisionConflictError} when it is there */
  async create(key: string, value: Uint8Array | string): Promise<number> {
    checkKey(key);
    return this.#compareAndSet(key, 0, () => this.#kv.create(key, value));
  }

  /** Writes a key that nobody has changed since. @returns the new revision @throws {RevisionConflictError} */
  async update(key: string, value: Uint8Array | string, revision: number): Promise<number> {
    checkKey(key);
    return this.#compareAndSet(key, revision, () => this.#kv.update(key, value, revision));
  }

  /** Deletes a key; with a revision, only when nobody has changed it since. @throws {RevisionConflictError} */
  async delete(key: string, revision?: number): Promise<void> {
    checkKey(key);
    const options = revision === undefined ? {} : { previousSeq: revision };
    await this.#compareAndSet(key, revision ?? 0, () => this.#kv.delete(key, options));
  }

  /** What is there now, deleted keys left out, oldest change first. @param pattern as subjects: `*` a token, `>` the rest */
  async entries(pattern = '>'): Promise<KvEntry[]> {
    const messages = await lastValues(this.#connection, this.#stream, [this.#subject(pattern)]);
    return messages.map((message) => kvEntryOf(message, this.#subject(''))).filter(({ deleted }) => !deleted);
  }

  async keys(pattern = '>'): Promise<string[]> {
    return (await this.entries(pattern)).map(({ key }) => key);
  }

  /**
   * Calls back for each key that is there, then resolves; from then on for each change, deletions and keys that ran out included.
   * Survives interruptions: then the last state of what changed meanwhile is told, not each step.
   * @returns the undo
   * @throws {MalformedKeyError} @throws {JetStreamError}
   */
  async watch(pattern: string, onEntry: (entry: KvEntry) => void): Promise<() => void> {
    const watch = new KvWatch(this.#connection, this.#stream, this.#subject(''), onEntry);
    return watch.start(this.#subject(pattern));
  }

  get #stream(): string {
    return `KV_${this.bucket}`;
  }

  #subject(pattern: string): string {
    if (pattern !== '' && !PATTERN.test(pattern)) throw new MalformedKeyError('pattern', pattern);
    return `$KV.${this.bucket}.${pattern}`;
  }

  async #compareAndSet<T>(key: string, revision: number, act: () => Promise<T>): Promise<T> {
    try {
      return await this.#call(`write ${key}`, act);
    } catch (error) {
      if (error instanceof JetStreamError && error.apiCode === API_CODE.wrongLastSequence) {
        throw new RevisionConflictError(this.bucket, key, revision, { cause: error });
      }
      throw error;
    }
  }

  async #call<T>(what: string, act: () => Promise<T>): Promise<T> {
    try {
      this.#connection.checkConnected(what);
      return await this.#connection.whileConnected(act());
    } catch (error) {
      throw explain(error, `${what} in bucket ${this.bucket}`);
    }
  }
}

function checkKey(key: string): void {
  if (!KEY.test(key) || key.includes('..')) throw new MalformedKeyError('key', key);
}

function entryOf(entry: NatsKvEntry): KvEntry {
  return {
    key: entry.key,
    value: Uint8Array.from(entry.value),
    revision: entry.revision,
    timestampUs: entry.created.getTime() * 1000,
    deleted: entry.operation !== 'PUT',
  };
}

/** Brings an existing bucket to what the options say. */
async function enforce(connection: BusConnection, bucket: string, options: KvOptions): Promise<void> {
  const stream = `KV_${bucket}`;
  const context = { what: `update bucket ${bucket}`, stream };
  const { config } = await callJetStream<StreamInfo>(connection, `STREAM.INFO.${stream}`, undefined, context);
  const wanted = {
    num_replicas: options.replicas,
    max_msgs_per_subject: options.history,
    max_bytes: options.maxBytes,
    ...(options.ttlSeconds === undefined ? {} : ageConfig(options.ttlSeconds)),
  };
  const changes = Object.entries(wanted).filter(
    ([field, to]) => to !== undefined && (config as unknown as Record<string, unknown>)[field] !== to,
  );
  if (changes.length === 0) return;
  const update = { ...config, ...Object.fromEntries(changes) };
  await callJetStream(connection, `STREAM.UPDATE.${stream}`, update, context);
}

function ageConfig(ttlSeconds: number): Partial<StreamConfig> {
  const markers = { allow_msg_ttl: true, subject_delete_marker_ttl: MARKER_TTL_MS * 1e6 };
  return { ...maxAgeConfig(ttlSeconds), ...(ttlSeconds === 0 ? {} : markers) };
}

function explain(error: unknown, what: string): unknown {
  if (error instanceof JetStreamApiError) {
    return new JetStreamError(what, error.message, error.code, error.status, { cause: error });
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new RequestTimeoutError(what, 5_000);
  }
  if (error instanceof Error && error.name === 'JetStreamNotEnabled') {
    return new JetStreamError(what, 'JetStream does not answer', 0, 503, { cause: error });
  }
  return error;
}
