export const DAY_US = 86_400e6;

/** The day of a time, counted from 1970-01-01, UTC. */
export function dayOf(timeUs: number): number {
  return Math.floor(timeUs / DAY_US);
}

export function startOfDay(day: number): number {
  return day * DAY_US;
}

/** `2026-11-22.db` */
export function dayFileName(day: number): string {
  return `${new Date(day * 86_400_000).toISOString().slice(0, 10)}.db`;
}

/** The day of a file's name; undefined when it is no day file's. */
export function parseDayFileName(name: string): number | undefined {
  const date = /^(\d{4}-\d{2}-\d{2})\.db$/.exec(name)?.[1];
  if (date === undefined) return undefined;
  const milliseconds = Date.parse(date);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 86_400_000;
}
