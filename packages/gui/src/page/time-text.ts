/** How long ago, in at most six characters: an operator reads the size, not the digits. */
export function ageText(seconds: number): string {
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `2026-11-22 05:50:12.345`, UTC: an observatory's times are never local. */
export function dateTimeText(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1_000);
  // Beyond the range of Date: the number itself says more than an exception.
  if (Number.isNaN(date.getTime())) return String(unixSeconds);
  return date.toISOString().replace('T', ' ').replace('Z', '');
}

/** `2026-11-22 05:50:12`, UTC. */
export function secondsText(unixSeconds: number): string {
  return dateTimeText(unixSeconds).slice(0, 19);
}

/** `05:50:12`, UTC. */
export function timeOfDayText(unixSeconds: number): string {
  return dateTimeText(unixSeconds).slice(11, 19);
}

/** `13:22:01` of an hour angle or a sidereal time in hours. */
export function hoursText(hours: number): string {
  const seconds = Math.floor((((hours % 24) + 24) % 24) * 3_600);
  return [seconds / 3_600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':');
}
