import { randomBytes } from 'node:crypto';
import { markerSubject } from '@katbus/protocol';
import { storedMessage } from './anchor.ts';
import type { BusConnection } from './connection.ts';
import { STREAMS } from './stream-settings.ts';
import { publishStored, STORE_TIMEOUT_MS } from './stored-publish.ts';

/** The two streams that samples go to, as markers name them. */
export type MarkedStream = 'archive' | 'live';

/** What a marker carries. Of one portal and boot the counts rise by one: a missing one means that the stream had a hole there. */
export interface Marker {
  readonly portal: string;
  /** Random, new at each start of the portal. */
  readonly boot: string;
  readonly count: number;
  /** Unlike that of any other marker. */
  readonly nonce: string;
}

/** A place in a stream. The nonce tells whether the sequence still names the same message. */
export interface MarkerPosition {
  readonly sequence: number;
  readonly nonce: string;
}

export type MarkerPositions = Readonly<Record<MarkedStream, MarkerPosition>>;

const STREAM_OF = { archive: STREAMS.archive, live: STREAMS.live } as const;

/**
 * Markers of one portal: tiny acknowledged messages in both streams, on the connection that carries its live samples. What was published
 * before a marker is in the streams before it, whatever stalls; that joins the past to the present without comparing times.
 */
export class Markers {
  readonly portal: string;
  readonly boot = randomBytes(8).toString('hex');
  readonly #connection: BusConnection;
  readonly #timeoutMs: number;
  #count = 0;

  /** @param portal a token: `[A-Za-z0-9_]+` */
  constructor(connection: BusConnection, portal: string, options: { readonly timeoutMs?: number } = {}) {
    this.#connection = connection;
    this.#timeoutMs = options.timeoutMs ?? STORE_TIMEOUT_MS;
    this.portal = portal;
  }

  /** `sync.archive.<portal>` or `sync.live.<portal>`: where this portal's markers pass, in the stream and live. */
  subject(stream: MarkedStream): string {
    return markerSubject(stream, this.portal);
  }

  /**
   * Sends one marker into both streams and waits for both.
   * @throws {JetStreamError} {@link RequestTimeoutError} {@link DisconnectedError} when one of them has not got it; the other may have
   */
  async publish(): Promise<MarkerPositions> {
    this.#count += 1;
    const nonce = `${this.boot}.${this.#count}`;
    const marker: Marker = { portal: this.portal, boot: this.boot, count: this.#count, nonce };
    const data = JSON.stringify(marker);
    const store = async (stream: MarkedStream): Promise<MarkerPosition> => {
      const options = { timeoutMs: this.#timeoutMs };
      const { sequence } = await publishStored(this.#connection, this.subject(stream), data, options);
      return { sequence, nonce };
    };
    const [archive, live] = await Promise.all([store('archive'), store('live')]);
    return { archive, live };
  }
}

/** @returns undefined when the payload is no marker */
export function parseMarker(data: Uint8Array): Marker | undefined {
  try {
    const { portal, boot, count, nonce } = JSON.parse(Buffer.from(data).toString()) as Record<
      string,
      unknown
    >;
    if (typeof portal !== 'string' || typeof boot !== 'string' || typeof nonce !== 'string') return undefined;
    return typeof count === 'number' ? { portal, boot, count, nonce } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a position still names what it named: `other` means that the stream was wiped or rolled back since, `gone` that the marker has
 * been let go by age or size (or that a lagging replica answered), so that what came after it may be incomplete as well.
 * @throws {StreamMissingError} @throws {JetStreamError} @throws {RequestTimeoutError} @throws {DisconnectedError}
 */
export async function checkMarker(
  connection: BusConnection,
  stream: MarkedStream,
  position: MarkerPosition,
): Promise<'same' | 'other' | 'gone'> {
  const message = await storedMessage(connection, STREAM_OF[stream], position.sequence);
  if (message === undefined) return 'gone';
  return parseMarker(message.data)?.nonce === position.nonce ? 'same' : 'other';
}
