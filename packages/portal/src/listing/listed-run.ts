import type { ListingEntry } from '@katbus/protocol';

/** Sensors of one component in order, each as the listing's JSON has it: bytes, which the garbage collector need not look into. */
export interface ListedRun {
  readonly component: string;
  readonly sensors: readonly string[];
  /** The entries' texts, each with a comma before it. */
  readonly text: Buffer;
  /** Where each of them ends. */
  readonly ends: Uint32Array;
}

/** @param entries in any order @param readings whether their samples are wanted */
export function listedRun(component: string, entries: readonly ListingEntry[], readings: boolean): ListedRun {
  const sorted = entries.toSorted((a, b) => (a.sensor < b.sensor ? -1 : a.sensor > b.sensor ? 1 : 0));
  const ends = new Uint32Array(sorted.length);
  let text = '';
  let end = 0;
  for (const [place, entry] of sorted.entries()) {
    const { sensor, attributes } = entry;
    const listed = readings ? { component, ...entry } : { component, sensor, attributes };
    const entryText = `,${JSON.stringify(listed)}`;
    end += Buffer.byteLength(entryText);
    ends[place] = end;
    text += entryText;
  }
  return { component, sensors: sorted.map(({ sensor }) => sensor), text: Buffer.from(text), ends };
}

export function runBytes({ sensors, text, ends }: ListedRun): number {
  return text.length + ends.byteLength + sensors.length * NAME_BYTES;
}

/** What the name of a sensor takes in memory, and its place in a list. */
const NAME_BYTES = 48;
