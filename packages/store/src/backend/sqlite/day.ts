export const DAY_US = 86_400e6;

/** The day of a time, counted from 1970-01-01, UTC. */
export function dayOf(timeUs: number): number {
  return Math.floor(timeUs / DAY_US);
}

export function startOfDay(day: number): number {
  return day * DAY_US;
}

/** `2026-11-22` */
export function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/**
 * One of the files of a day. Each closing counts its generation up: rows of generation n are what was written since the closing n had begun,
 * chunks of generation n are what it made of all the rows before. A name is never used again for something else.
 */
export interface DayFileName {
  readonly day: number;
  readonly form: 'rows' | 'chunks';
  readonly generation: number;
}

/** `2026-11-22.db`, `2026-11-22.late-1.db`, `2026-11-22.chunks-1.db` */
export function dayFileName({ day, form, generation }: DayFileName): string {
  const isFirst = form === 'rows' && generation === 0;
  return isFirst ? `${dateOf(day)}.db` : `${dateOf(day)}.${form === 'rows' ? 'late' : form}-${generation}.db`;
}

/** What a file's name says; undefined when it is no day file's. */
export function parseDayFileName(name: string): DayFileName | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:\.(late|chunks)-([1-9]\d{0,8}))?\.db$/.exec(name);
  const milliseconds = Date.parse(match?.[1] ?? '');
  if (Number.isNaN(milliseconds)) return undefined;
  return {
    day: milliseconds / 86_400_000,
    form: match?.[2] === 'chunks' ? 'chunks' : 'rows',
    generation: Number(match?.[3] ?? 0),
  };
}
