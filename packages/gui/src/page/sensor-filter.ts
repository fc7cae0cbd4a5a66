import type { Status } from '@katbus/protocol';
import { statusOf, type SensorEntry } from './sensor-book.ts';

/** Which sensors the list shows. */
export interface SensorFilter {
  /** Words between spaces; each must occur in the sensor's names, description or units. */
  readonly text: string;
  /** Only sensors with this status; absent: all. */
  readonly status: Status | undefined;
}

export const EVERY_SENSOR: SensorFilter = { text: '', status: undefined };

/** The sensors that pass, in their order. */
export function filterSensors(entries: readonly SensorEntry[], filter: SensorFilter): readonly SensorEntry[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && filter.status === undefined) return entries;
  return entries.filter(
    (entry) =>
      (filter.status === undefined || statusOf(entry) === filter.status) &&
      words.every((word) => entry.searchText.includes(word)),
  );
}
