import { decodeFloat, statusRank, type ArchivedSample } from '@katbus/protocol';

/** What is kept of a bin: first, last, lowest, highest, worst status. */
const MOST_A_BIN = 5;

/**
 * At most three quarters of `most` samples that look the same when they are drawn: of each stretch of time the first, the last, the lowest, the
 * highest and the one with the worst status. Samples without a number keep their changes instead.
 */
export function thin(samples: readonly ArchivedSample[], most: number): ArchivedSample[] {
  const target = Math.floor(most * 0.75);
  const changes = samples.filter((sample, place) => {
    const before = samples[place - 1];
    const after = samples[place + 1];
    return before === undefined || after === undefined || !isSame(before, sample) || !isSame(sample, after);
  });
  if (changes.length <= target) return changes;
  const bins = Math.max(1, Math.floor(target / MOST_A_BIN));
  const start = changes[0]!.time;
  const binSeconds = (changes.at(-1)!.time - start) / bins || 1;
  const kept: ArchivedSample[] = [];
  for (let from = 0; from < changes.length;) {
    const bin = Math.floor((changes[from]!.time - start) / binSeconds);
    let end = from + 1;
    while (end < changes.length && Math.floor((changes[end]!.time - start) / binSeconds) === bin) end += 1;
    kept.push(...extremes(changes.slice(from, end)));
    from = end;
  }
  return kept;
}

function isSame(a: ArchivedSample, b: ArchivedSample): boolean {
  return a.status === b.status && (Object.is(a.value, b.value) || String(a.value) === String(b.value));
}

function extremes(bin: readonly ArchivedSample[]): ArchivedSample[] {
  const kept = new Set([bin[0]!, bin.at(-1)!]);
  let lowest: ArchivedSample | undefined;
  let highest: ArchivedSample | undefined;
  let worst = bin[0]!;
  for (const sample of bin) {
    if (statusRank(sample.status) > statusRank(worst.status)) worst = sample;
    const value = decodeFloat(sample.value);
    if (value === undefined || Number.isNaN(value)) continue;
    if (lowest === undefined || value < decodeFloat(lowest.value)!) lowest = sample;
    if (highest === undefined || value > decodeFloat(highest.value)!) highest = sample;
  }
  for (const sample of [lowest, highest, worst]) if (sample !== undefined) kept.add(sample);
  return bin.filter((sample) => kept.has(sample));
}
