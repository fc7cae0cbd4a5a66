/** `wrong` makes `katbus status` fail; `unknown` could not be found out from here; `absent` is gone, perhaps on purpose. */
export type CheckState = 'ok' | 'wrong' | 'unknown' | 'absent';

/** One line of `katbus status`. */
export interface Check {
  readonly part: string;
  readonly state: CheckState;
  /** What is known of it, or what to do. */
  readonly detail: string;
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** `1 message`, `12,345 messages`: for the regular nouns that we count. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
