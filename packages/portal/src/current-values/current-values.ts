import { setImmediate } from 'node:timers/promises';
import {
  lastValues,
  STREAMS,
  type BusConnection,
  type MarkerPosition,
  type MarkerPositions,
  type Markers,
  type StreamMessage,
} from '@katbus/bus/nats';
import { RESEND_HEADER, wallClockUs } from '@katbus/protocol';
import type { Publication } from '../delivery/publication.ts';
import { MalformedMessageError, readMessage } from '../delivery/read-message.ts';
import { SnapshotMemoryError, type Snapshot } from '../delivery/snapshot.ts';
import type { SnapshotSource } from '../delivery/snapshot-reads.ts';
import type { PortalLimits } from '../limits.ts';
import type { PortalMetrics } from '../metrics.ts';
import type { StoreClient } from '../store-client.ts';
import { addArchivedValues } from './archived-values.ts';
import type { AttributesValues } from './attributes-values.ts';
import type { KnownPresence } from './known-presence.ts';
import { MarkerRounds } from './marker-rounds.ts';
import { wantedValues } from './wanted-values.ts';

export interface CurrentValuesOptions {
  readonly connection: BusConnection;
  readonly markers: Markers;
  readonly store: StoreClient;
  readonly attributes: AttributesValues;
  readonly presence: Pick<KnownPresence, 'isGone' | 'isForgotten'>;
  readonly limits: PortalLimits;
  readonly metrics: PortalMetrics;
}

/** Messages that are parsed in one turn of the loop. */
const MESSAGES_A_TURN = 2_000;

/**
 * What is current on the bus: from the streams ARCHIVE, LIVE and STATE, the archive and the components.
 *
 * A marker joins it to what is live (ARCHITECTURE.md, "Snapshot and live"): it is published after the live subscription holds, so everything
 * from before that subscription is in the streams before the marker, and the streams are read up to the marker or further.
 */
export class CurrentValues implements SnapshotSource {
  readonly #options: CurrentValuesOptions;
  readonly #rounds: MarkerRounds;

  constructor(options: CurrentValuesOptions) {
    this.#options = options;
    this.#rounds = new MarkerRounds(() => options.markers.publish());
  }

  async fill(snapshot: Snapshot, patterns: readonly string[]): Promise<void> {
    const { store, limits, markers, presence } = this.#options;
    const wanted = wantedValues(patterns);
    const positions = await this.#mark(snapshot);
    const from = (stream: 'archive' | 'live', subjects: readonly string[]) =>
      this.#read(snapshot, STREAMS[stream], subjects, {
        subject: markers.subject(stream),
        position: positions?.[stream],
      });
    // All of them end before this does: what is added to a snapshot that was given up would be counted for ever.
    const reads = await Promise.allSettled([
      from('archive', wanted.archive),
      from('live', wanted.normal),
      this.#read(snapshot, STREAMS.state, wanted.state),
      this.#readAttributes(snapshot, wanted.attributes, positions?.archive.sequence),
    ]);
    for (const read of reads) if (read.status === 'rejected') throw read.reason;
    await addArchivedValues(snapshot, wanted.archive, store, presence, limits.storeTimeoutMs);
  }

  /** Without a marker the streams are read all the same, as far as they answer. */
  async #mark(snapshot: Snapshot): Promise<MarkerPositions | undefined> {
    try {
      const positions = await this.#rounds.next();
      snapshot.cursor = formatCursor(positions);
      return positions;
    } catch (error) {
      snapshot.miss(messageOf(error));
      return undefined;
    }
  }

  async #read(
    snapshot: Snapshot,
    stream: string,
    subjects: readonly string[],
    marker?: { readonly subject: string; readonly position: MarkerPosition | undefined },
  ): Promise<void> {
    if (subjects.length === 0) return;
    const { connection, limits } = this.#options;
    const including =
      marker?.position === undefined
        ? undefined
        : { subject: marker.subject, sequence: marker.position.sequence };
    try {
      const messages = await lastValues(connection, stream, subjects, {
        including,
        timeoutMs: limits.joinTimeoutMs,
      });
      for (const [place, message] of messages.entries()) {
        if (place % MESSAGES_A_TURN === MESSAGES_A_TURN - 1) await setImmediate();
        for (const publication of this.#parse(message)) snapshot.add(publication);
      }
    } catch (error) {
      if (error instanceof SnapshotMemoryError) throw error;
      snapshot.miss(messageOf(error));
    }
  }

  async #readAttributes(
    snapshot: Snapshot,
    components: 'all' | readonly string[],
    through: number | undefined,
  ): Promise<void> {
    const wanted = components === 'all' ? [undefined] : components;
    try {
      for (const component of wanted) await this.#options.attributes.fill(snapshot, component, through);
    } catch (error) {
      if (error instanceof SnapshotMemoryError) throw error;
      snapshot.miss(`attributes: ${messageOf(error)}`);
    }
  }

  /** A stream holds what was published on its subjects, be it well-formed or not. */
  #parse(message: StreamMessage): Publication[] {
    const { metrics, presence } = this.#options;
    const { subject, data, timestampUs } = message;
    let publications: Publication[];
    try {
      publications = readMessage(subject, data, wallClockUs());
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      metrics.malformed.inc({ kind: error.kind });
      return [];
    }
    if (!subject.startsWith('sensor.')) return publications;
    const component = subject.split('.', 3)[2] ?? '';
    if (presence.isForgotten(component)) return [];
    const isStale = presence.isGone(component);
    for (const publication of publications) {
      publication.storedUs = timestampUs;
      publication.isResent = message.header(RESEND_HEADER) !== undefined;
      publication.isStale = isStale;
    }
    return publications;
  }
}

/** A point in both streams: opaque to clients, the same for any portal. */
function formatCursor({ archive, live }: MarkerPositions): string {
  const point = [archive.sequence, archive.nonce, live.sequence, live.nonce];
  return `1.${Buffer.from(JSON.stringify(point)).toString('base64url')}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
