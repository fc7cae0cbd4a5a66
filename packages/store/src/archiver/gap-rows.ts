import { missingMessages, type GapRow } from '../backend/write-batch.ts';

/** Of one batch. A purge by subject leaves thousands of holes: what is beyond this becomes one row, which says how much of its range is missing. */
const MOST_ROWS = 16;

/** Adds a gap to those of a batch. */
export function addGap(gaps: GapRow[], gap: GapRow): void {
  const last = gaps.at(-1);
  if (last === undefined || gaps.length < MOST_ROWS || last.reason !== gap.reason) {
    gaps.push(gap);
    return;
  }
  const messages = missingMessages(last) + missingMessages(gap);
  gaps[gaps.length - 1] = { ...last, toSequence: gap.toSequence, toUs: gap.toUs, messages };
}

/** For the log: a line each, or one for many. */
export function gapLines(gaps: readonly GapRow[]): string[] {
  const [first] = gaps;
  const last = gaps.at(-1);
  if (first === undefined || last === undefined) return [];
  const lost = gaps.reduce((sum, gap) => sum + missingMessages(gap), 0);
  const range = `messages ${first.fromSequence} to ${last.toSequence}`;
  if (gaps.length > 1) return [`${lost} of ${range} were not stored: ${last.reason}`];
  return [
    lost === 0
      ? `nobody can tell what was lost: ${first.reason}`
      : `${range} were not stored: ${first.reason}`,
  ];
}
