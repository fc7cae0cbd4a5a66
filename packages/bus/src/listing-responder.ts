import {
  natsPattern,
  regularExpression,
  type ListingChunk,
  type ListingEntry,
  type ListingRequest,
  type Pattern,
  type ServiceErrorAnswer,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { ListingRequestError } from './errors.ts';
import { LoopTurns } from './loop-turns.ts';
import type { Sensor } from './sensor.ts';

/** What a listing needs of its broker. */
export interface ListingSource {
  readonly component: string;
  sensors(): Iterable<Sensor>;
  publish(subject: string, payload: string): void;
}

/** A listing request as it came. */
export interface ListingMessage {
  readonly data: Uint8Array;
  readonly reply: string | undefined;
}

/** Bytes after which a chunk is closed: who asked reads one in a millisecond, and 200,000 sensors are no more than some thousand. */
const CHUNK_BYTES = 32 * 1024;
/** Characters of an entry beyond which it loses its sample: attributes alone are at most 256 kB, and a character at most 3 bytes. */
const LARGEST_ENTRY = 300 * 1024;

export interface ListingOptions {
  /** How long the filter of one request may look at names, ms: some take a millisecond for each of 200,000. */
  readonly mostFilterMs: number;
  /** Requests that may wait while one is answered; a further one is answered with BUSY. */
  readonly mostWaiting: number;
  /** A listing of 200,000 names must not hold up the samples. */
  readonly turns: () => LoopTurns;
  readonly nowMs: () => number;
}

export const LISTING_DEFAULTS: ListingOptions = {
  mostFilterMs: 2_000,
  mostWaiting: 32,
  turns: () => new LoopTurns(),
  nowMs: () => performance.now(),
};

/**
 * Answers `rpc.sensors.<component>` and `rpc.sensors.all`: the sensors that match, in chunks, the last one marked.
 *
 * The answer goes to the NATS reply subject, or to `reply` in the payload (Joubert & Slabber, ICALEPCS 2017). A request that
 * cannot be read is answered with an error that names the field. One request is answered at a time, in turns of some milliseconds, so
 * that many are no worse for the component than one.
 */
export class ListingResponder {
  private readonly source: ListingSource;
  private readonly options: ListingOptions;
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(source: ListingSource, options: Partial<ListingOptions> = {}) {
    this.source = source;
    this.options = { ...LISTING_DEFAULTS, ...options };
  }

  async respond(message: ListingMessage): Promise<void> {
    let replyTo = message.reply;
    try {
      const request = parseRequest<ListingRequest>('listingRequest', message.data);
      const named = replySubject(request);
      replyTo ??= named;
      // Nobody can be answered, so nobody is.
      if (replyTo !== undefined) await this.listInTurn(request, replyTo);
    } catch (error) {
      if (replyTo !== undefined) this.source.publish(replyTo, JSON.stringify(errorAnswer(error)));
    }
  }

  private async listInTurn(request: ListingRequest, replyTo: string): Promise<void> {
    const { mostWaiting } = this.options;
    if (this.waiting > mostWaiting) {
      const message = `${mostWaiting} listings wait already: ask again later`;
      this.source.publish(replyTo, JSON.stringify({ error: { code: 'BUSY', message } }));
      return;
    }
    this.waiting += 1;
    const before = this.last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.last = promise;
    try {
      await before;
      await this.list(request, replyTo);
    } finally {
      this.waiting -= 1;
      resolve();
    }
  }

  private async list(request: ListingRequest, replyTo: string): Promise<void> {
    const { mostFilterMs, nowMs } = this.options;
    const matches = nameFilter(request);
    const turns = this.options.turns();
    let filterMs = 0;
    let entries: string[] = [];
    let bytes = 0;
    for (const sensor of this.source.sensors()) {
      if (turns.isOver) await turns.next();
      if (matches !== undefined) {
        const beganMs = nowMs();
        const isMatch = matches(sensor);
        filterMs += nowMs() - beganMs;
        if (filterMs > mostFilterMs)
          throw new ListingRequestError('filter', `takes longer than ${mostFilterMs} ms`);
        if (!isMatch) continue;
      }
      const entry = entryText(sensor, request.readingOnly === true);
      if (bytes > 0 && bytes + entry.length > CHUNK_BYTES) {
        this.send(replyTo, entries, false);
        entries = [];
        bytes = 0;
      }
      entries.push(entry);
      bytes += entry.length;
    }
    this.send(replyTo, entries, true);
  }

  private send(replyTo: string, entries: readonly string[], last: boolean): void {
    const { component } = this.source;
    this.source.publish(
      replyTo,
      `{"component":"${component}","sensors":[${entries.join(',')}],"last":${last}}`,
    );
  }
}

/** An entry that would be too large for a message goes without its sample, rather than the whole listing not at all. */
function entryText(sensor: Sensor, readingOnly: boolean): string {
  const entry = entryOf(sensor, readingOnly);
  const text = JSON.stringify(entry);
  if (text.length <= LARGEST_ENTRY) return text;
  return JSON.stringify({ sensor: entry.sensor, attributes: entry.attributes } satisfies ListingEntry);
}

/** The shape that {@link ListingResponder} writes by hand is that of {@link ListingChunk}: its entries are this. */
function entryOf(sensor: Sensor, readingOnly: boolean): ListingChunk['sensors'][number] {
  const sample = sensor.reading();
  const entry: ListingEntry = {
    sensor: sensor.address.sensor,
    attributes: readingOnly ? { name: sensor.attributes.name } : sensor.attributes,
  };
  return sample === undefined ? entry : { ...entry, sample };
}

/** A reply subject from a payload must be one subject that is nobody's data. */
function replySubject({ reply }: ListingRequest): string | undefined {
  if (reply === undefined) return undefined;
  const [root = ''] = reply.split('.');
  if (!isSubject(reply) || root.startsWith('$') || RESERVED_ROOTS.has(root)) {
    throw new ListingRequestError('reply', `"${reply}" must be one subject outside of Katbus's own`);
  }
  return reply;
}

function isSubject(text: string): boolean {
  try {
    return natsPattern(text).literal !== undefined;
  } catch {
    return false;
  }
}

const RESERVED_ROOTS = new Set(['sensor', 'attributes', 'rpc', 'portal', 'sync', 'heartbeat', 'ns']);

/** @throws {ListingRequestError} */
function nameFilter({ filter }: ListingRequest): ((sensor: Sensor) => boolean) | undefined {
  if (filter === undefined) return undefined;
  let pattern: Pattern;
  try {
    pattern = regularExpression(filter);
  } catch (error) {
    throw new ListingRequestError('filter', (error as Error).message);
  }
  return ({ attributes: { name, katcp_name: katcpName = name } }) =>
    pattern.matches(name) || (katcpName !== name && pattern.matches(katcpName));
}

function errorAnswer(error: unknown): ServiceErrorAnswer {
  const { code = 'INTERNAL', field, message } = error as { code?: string; field?: string; message: string };
  return { error: field === undefined ? { code, message } : { code, message, field } };
}
