import type { WriteClock } from '../catalogue/write-clock.ts';
import { LATEST_ANSWER_MS, SLICE_MS } from './chunks-options.ts';
import { shardsFor } from './shard.ts';
import type { Slice, SliceRegistry } from './slice-registry.ts';

/** A slice ends early when one of its shards has so many bytes: what a partition of the journal may have. */
const SLICE_SHARD_BYTES = 4 * 1024 ** 2;

/** What the first slice takes a batch for: of a store that keeps up, about half a second. */
const BATCHES_A_SECOND = 2;

const HOUR_US = 3_600e6;

/** The slice that is written into, and those before it that still wait for answers. */
export class JournalSlices {
  readonly #registry: SliceRegistry;
  readonly #clock: WriteClock;
  readonly #now: () => number;
  readonly #registrySeconds: number;
  #current: OpenSlice | undefined;
  #opening: Promise<OpenSlice> | undefined;
  #closings: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** Of the slice before. */
  #samplesASecond: number | undefined;

  /** @param now milliseconds since 1970 */
  constructor(registry: SliceRegistry, clock: WriteClock, registrySeconds: number, now: () => number) {
    this.#registry = registry;
    this.#clock = clock;
    this.#registrySeconds = registrySeconds;
    this.#now = now;
  }

  /** The slice for so many samples that are written now; to be left again. @throws {StoreError} */
  async enter(samples: number): Promise<OpenSlice> {
    for (;;) {
      const slice = this.#current ?? (await (this.#opening ??= this.#open(samples)));
      if (this.#isFor(slice)) {
        slice.enter(samples);
        return slice;
      }
      this.#end(slice);
    }
  }

  leave(slice: OpenSlice): void {
    slice.leave();
    this.#closeWhenOver(slice);
  }

  /** Ends the slice that is written into, and waits until the registry knows. */
  async close(): Promise<void> {
    if (this.#current !== undefined) this.#end(this.#current);
    await this.#closings;
  }

  #isFor(slice: OpenSlice): boolean {
    return !slice.isOver && slice.isOpenAt(this.#now()) && slice.mostShardBytes < SLICE_SHARD_BYTES;
  }

  async #open(samples: number): Promise<OpenSlice> {
    const before = this.#current;
    try {
      // A clock that was set back must not begin a slice where everything is sealed.
      const throughUs = await this.#sealedThrough();
      const nowMs = this.#now();
      const random = Math.floor(1_000 * Math.random());
      const slice = Math.max(nowMs * 1_000 + random, throughUs, (before?.slice ?? 0) + 1);
      const shards = shardsFor(this.#samplesASecond ?? BATCHES_A_SECOND * samples);
      const opened = new OpenSlice(slice, shards, nowMs);
      this.#current = opened;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#end(opened), opened.endMs - nowMs).unref();
      return opened;
    } finally {
      this.#opening = undefined;
    }
  }

  async #sealedThrough(): Promise<number> {
    const throughUs = await this.#registry.sealedThrough();
    if (throughUs !== undefined) return throughUs;
    // Whatever is there must be found: only an archive without any slice begins with an hour that needs not be looked for.
    const nowUs = this.#now() * 1_000;
    const slices = await this.#registry.between(nowUs - this.#registrySeconds * 1e6, nowUs + HOUR_US);
    if (slices.length > 0) return 0;
    const beginUs = Math.floor(nowUs / HOUR_US - 1) * HOUR_US;
    await this.#registry.sealThrough(beginUs, this.#clock.next());
    return beginUs;
  }

  #end(slice: OpenSlice): void {
    if (this.#current === slice) {
      this.#current = undefined;
      this.#samplesASecond = slice.samplesASecond(this.#now());
      clearTimeout(this.#timer);
    }
    slice.isOver = true;
    this.#closeWhenOver(slice);
  }

  #closeWhenOver(slice: OpenSlice): void {
    if (!slice.isOver || slice.isClosed || slice.users > 0) return;
    slice.isClosed = true;
    if (slice.times === undefined) return;
    // It only helps: of a slice that is not closed, readers do not know what they need not read.
    const closing = this.#registry.close(slice, this.#clock.next()).catch(() => undefined);
    this.#closings = Promise.all([this.#closings, closing]).then(() => undefined);
  }
}

/** A slice that is written into. */
export class OpenSlice implements Slice {
  readonly slice: number;
  readonly shards: number;
  /** With the full minute. */
  readonly endMs: number;
  isOver = false;
  isClosed = false;
  #users = 0;
  #samples = 0;
  #mostShardBytes = 0;
  #firstUs = Infinity;
  #lastUs = -Infinity;
  readonly #beganMs: number;
  readonly #began = performance.now();
  readonly #bytes: Float64Array;

  constructor(slice: number, shards: number, nowMs: number) {
    this.slice = slice;
    this.shards = shards;
    this.#beganMs = nowMs;
    this.#bytes = new Float64Array(shards);
    this.endMs = (Math.floor(nowMs / SLICE_MS) + 1) * SLICE_MS;
  }

  /** Batches under way. */
  get users(): number {
    return this.#users;
  }

  /** Bytes of the shard that has most. */
  get mostShardBytes(): number {
    return this.#mostShardBytes;
  }

  get times(): Slice['times'] {
    return this.#firstUs > this.#lastUs ? undefined : { firstUs: this.#firstUs, lastUs: this.#lastUs };
  }

  isOpenAt(nowMs: number): boolean {
    return nowMs >= this.#beganMs && nowMs < this.endMs && this.#ageMs(nowMs) < SLICE_MS;
  }

  /** Whether what is acknowledged now came before anybody may think that the slice has everything. */
  takesAnswersAt(nowMs: number): boolean {
    return this.#ageMs(nowMs) < SLICE_MS + LATEST_ANSWER_MS;
  }

  /** Over its life so far, or the second that it has at least. */
  samplesASecond(nowMs: number): number {
    return this.#samples / Math.max(1, this.#ageMs(nowMs) / 1_000);
  }

  enter(samples: number): void {
    this.#users += 1;
    this.#samples += samples;
  }

  wrote(shard: number, bytes: number): void {
    this.#bytes[shard]! += bytes;
    this.#mostShardBytes = Math.max(this.#mostShardBytes, this.#bytes[shard]!);
  }

  leave(): void {
    this.#users -= 1;
  }

  /** To be called before samples of these times are sent. */
  include(times: Float64Array): void {
    for (const timeUs of times) {
      if (timeUs < this.#firstUs) this.#firstUs = timeUs;
      if (timeUs > this.#lastUs) this.#lastUs = timeUs;
    }
  }

  /** By the clock that has gone further: the one may be set back, the other stands while the machine sleeps. */
  #ageMs(nowMs: number): number {
    return Math.max(nowMs - this.#beganMs, performance.now() - this.#began);
  }
}
