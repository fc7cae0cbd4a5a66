/** `wrong` makes `katbus status` fail; `unknown` could not be found out from here; `absent` is gone, perhaps on purpose. */
export type CheckState = 'ok' | 'wrong' | 'unknown' | 'absent';

/** One line of `katbus status`. */
export interface Check {
  readonly part: string;
  readonly state: CheckState;
  /** What is known of it, or what to do. */
  readonly detail: string;
}
