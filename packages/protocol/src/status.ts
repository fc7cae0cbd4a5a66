/** The seven KATCP statuses, best first: the order decides which of several is the worst. */
export const STATUSES = [
  'nominal',
  'inactive',
  'unknown',
  'warn',
  'unreachable',
  'error',
  'failure',
] as const;
export type Status = (typeof STATUSES)[number];

const RANK = new Map<string, number>(STATUSES.map((status, rank) => [status, rank]));

export function isStatus(text: unknown): text is Status {
  return typeof text === 'string' && RANK.has(text);
}

/** Place of a status in {@link STATUSES}; stores keep this number. */
export function statusRank(status: Status): number {
  return RANK.get(status) ?? 0;
}

/** The worse of two statuses. */
export function worseStatus(a: Status, b: Status): Status {
  return statusRank(a) >= statusRank(b) ? a : b;
}

/** Statuses under which a sample may carry no value (`null`). */
export function mayLackValue(status: Status): boolean {
  return status === 'unknown' || status === 'unreachable' || status === 'inactive';
}
