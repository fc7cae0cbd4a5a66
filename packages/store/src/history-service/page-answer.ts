import type { SensorAddress } from '@katbus/protocol';
import type { Page } from '../backend/backend.ts';
import { addressCursor } from './cursor.ts';
import { JsonList } from './json-list.ts';

/** A page of a back end as an answer of at most `mostBytes`; what finds no room comes with the next page. */
export function pageAnswer<Row extends SensorAddress>(
  name: string,
  { rows, next }: Page<Row>,
  mostBytes: number,
  toElement: (row: Row) => object,
): string {
  const list = new JsonList(mostBytes);
  let last: SensorAddress | undefined;
  let isCut = false;
  for (const row of rows) {
    isCut = !list.add(toElement(row));
    if (isCut) break;
    last = row;
  }
  const after = isCut ? last : next;
  return list.toAnswer(name, { next: after === undefined ? undefined : addressCursor(after) });
}
