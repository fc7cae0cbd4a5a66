import {
  CATALOGUE_PAGE,
  formatAddress,
  normalisedName,
  sensorSubject,
  toMicroseconds,
  type LatestEntry,
} from '@katbus/protocol';
import { Publication } from '../delivery/publication.ts';
import type { Snapshot } from '../delivery/snapshot.ts';
import type { KnownPresence } from './known-presence.ts';
import { RequestError } from '../rpc/errors.ts';
import type { StoreClient } from '../store-client.ts';

/**
 * Adds the sensors that have been silent for longer than the streams are kept. What the snapshot has already is newer. The archive may
 * take `timeoutMs` in all; its absence is no error: the sensors are then not in the snapshot, as those that never published.
 */
export async function addArchivedValues(
  snapshot: Snapshot,
  patterns: readonly string[],
  store: StoreClient,
  presence: Pick<KnownPresence, 'isGone' | 'isForgotten'>,
  timeoutMs: number,
): Promise<void> {
  const subjects = patterns.filter((pattern) => !snapshot.entries.has(keyOfLiteral(pattern)));
  if (subjects.length === 0) return;
  const deadlineMs = performance.now() + timeoutMs;
  let after: string | undefined;
  try {
    do {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) return;
      const request = { subjects, limit: CATALOGUE_PAGE.mostSensors, ...(after !== undefined && { after }) };
      const { samples, next } = await store.latest(request, leftMs);
      for (const entry of samples) {
        const key = formatAddress(entry);
        if (snapshot.entries.has(key) || presence.isForgotten(entry.component)) continue;
        const publication = publicationOf(entry, key);
        publication.isStale = presence.isGone(entry.component);
        snapshot.add(publication);
      }
      after = next;
    } while (after !== undefined);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
  }
}

function publicationOf(entry: LatestEntry, key: string): Publication {
  const { time, value_ts, status, value } = entry;
  const json = JSON.stringify({ name: normalisedName(entry), time, value_ts, status, value });
  const publication = new Publication(
    'sample',
    sensorSubject('archive', entry),
    key,
    json,
    toMicroseconds(time),
  );
  // Older than anything that a stream still has.
  publication.storedUs = 0;
  return publication;
}

/** `<component>.<sensor>` of a pattern without wildcards; of another one what no sensor is called. */
function keyOfLiteral(pattern: string): string {
  return pattern.split('.').slice(2).join('.');
}
