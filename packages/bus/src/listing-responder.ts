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

/** Bytes after which a chunk is closed: far below the server's largest payload, large enough to be few. */
const CHUNK_BYTES = 128 * 1024;
/** Characters of an entry beyond which it loses its sample: attributes alone are at most 256 kB, and a character at most 3 bytes. */
const LARGEST_ENTRY = 300 * 1024;
/** Sensors looked at before the loop gets its turn: a filter over 200,000 names must not hold up the samples. */
const SENSORS_A_TURN = 2_000;

/**
 * Answers `rpc.sensors.<component>` and `rpc.sensors.all`: the sensors that match, in chunks, the last one marked.
 *
 * The answer goes to the NATS reply subject, or to `reply` in the payload (Joubert & Slabber, ICALEPCS 2017). A request that
 * cannot be read is answered with an error that names the field.
 */
export class ListingResponder {
  private readonly source: ListingSource;

  constructor(source: ListingSource) {
    this.source = source;
  }

  async respond(message: ListingMessage): Promise<void> {
    let replyTo = message.reply;
    try {
      const request = parseRequest<ListingRequest>('listingRequest', message.data);
      const named = replySubject(request);
      replyTo ??= named;
      // Nobody can be answered, so nobody is.
      if (replyTo !== undefined) await this.list(request, replyTo);
    } catch (error) {
      if (replyTo !== undefined) this.source.publish(replyTo, JSON.stringify(errorAnswer(error)));
    }
  }

  private async list(request: ListingRequest, replyTo: string): Promise<void> {
    const filter = filterOf(request);
    let entries: string[] = [];
    let bytes = 0;
    let looked = 0;
    for (const sensor of this.source.sensors()) {
      looked += 1;
      if (looked % SENSORS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      const { name, katcp_name: katcpName = name } = sensor.attributes;
      if (filter !== undefined && !filter.matches(name) && !filter.matches(katcpName)) continue;
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

function filterOf({ filter }: ListingRequest): Pattern | undefined {
  try {
    return filter === undefined ? undefined : regularExpression(filter);
  } catch (error) {
    throw new ListingRequestError('filter', (error as Error).message);
  }
}

function errorAnswer(error: unknown): ServiceErrorAnswer {
  const { code = 'INTERNAL', field, message } = error as { code?: string; field?: string; message: string };
  return { error: field === undefined ? { code, message } : { code, message, field } };
}
