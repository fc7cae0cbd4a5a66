import type { StoredSample, StoredValue } from '../backend/stored-sample.ts';

/**
 * Looks for each sample of the source among those of the target, both in order of time. What only the target has is its own business.
 * @returns how many samples the source has
 */
export async function compareSamples(
  source: AsyncIterable<readonly StoredSample[]>,
  target: AsyncIterable<readonly StoredSample[]>,
  onDifference: (timeUs: number, what: 'missing' | 'different') => void,
): Promise<number> {
  let count = 0;
  const theirs = target[Symbol.asyncIterator]();
  let block: readonly StoredSample[] = [];
  let place = 0;
  let isOver = false;
  for await (const samples of source) {
    for (const sample of samples) {
      count++;
      for (;;) {
        while (place < block.length && block[place]!.timeUs < sample.timeUs) place++;
        if (place < block.length || isOver) break;
        const next = await theirs.next();
        isOver = next.done === true;
        block = next.done === true ? [] : next.value;
        place = 0;
      }
      const found = block[place];
      if (found?.timeUs !== sample.timeUs) onDifference(sample.timeUs, 'missing');
      else if (!isSameSample(sample, found)) onDifference(sample.timeUs, 'different');
    }
  }
  return count;
}

/** JSON prints -0 as 0, so no reader could tell them apart. */
export function isSameSample(a: StoredSample, b: StoredSample): boolean {
  return a.status === b.status && a.valueTimeUs === b.valueTimeUs && isSameValue(a.value, b.value);
}

function isSameValue(a: StoredValue, b: StoredValue): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b || (a !== a && b !== b);
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return (
    a.length === b.length && a.every((element, place) => isSameValue(element as number, b[place] as number))
  );
}
