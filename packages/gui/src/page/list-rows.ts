import type { SensorEntry } from './sensor-book.ts';

/** A line of the list: the heading of a component, or one of its sensors. */
export type ListRow =
  | { readonly kind: 'component'; readonly component: string; readonly sensors: number }
  | { readonly kind: 'sensor'; readonly entry: SensorEntry; readonly place: number };

/** @param entries in order of component */
export function listRows(entries: readonly SensorEntry[]): readonly ListRow[] {
  const rows: ListRow[] = [];
  let heading: { kind: 'component'; component: string; sensors: number } | undefined;
  for (const [place, entry] of entries.entries()) {
    if (heading?.component !== entry.component) {
      heading = { kind: 'component', component: entry.component, sensors: 0 };
      rows.push(heading);
    }
    heading.sensors += 1;
    rows.push({ kind: 'sensor', entry, place });
  }
  return rows;
}
