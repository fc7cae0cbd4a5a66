import type { LoopTurns } from '@katbus/bus/daemon';

/**
 * One sorted list of many, in turns: two and two become one until one is left, so that each entry is moved log2(lists) times.
 * The lists may be changed.
 */
export async function mergeSorted<Entry>(
  lists: readonly Entry[][],
  compare: (a: Entry, b: Entry) => number,
  turns: LoopTurns,
): Promise<Entry[]> {
  let rest = [...lists];
  while (rest.length > 1) {
    const merged: Entry[][] = [];
    for (let place = 0; place < rest.length; place += 2)
      merged.push(await mergeTwo(rest[place]!, rest[place + 1] ?? [], compare, turns));
    rest = merged;
  }
  return rest[0] ?? [];
}

/** How many entries are moved between two looks at the clock. */
const ENTRIES_A_LOOK = 256;

async function mergeTwo<Entry>(
  one: Entry[],
  other: Entry[],
  compare: (a: Entry, b: Entry) => number,
  turns: LoopTurns,
): Promise<Entry[]> {
  if (other.length === 0) return one;
  const merged: Entry[] = [];
  let inOne = 0;
  let inOther = 0;
  while (inOne < one.length || inOther < other.length) {
    if (merged.length % ENTRIES_A_LOOK === 0 && turns.isOver) await turns.next();
    const takesOne =
      inOther === other.length || (inOne < one.length && compare(one[inOne]!, other[inOther]!) <= 0);
    merged.push(takesOne ? one[inOne++]! : other[inOther++]!);
  }
  return merged;
}
