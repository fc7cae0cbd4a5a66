/** Something that a test needs and a machine may lack. */
export interface Requirement {
  /** What a person calls it: `chromium`. */
  readonly name: string;
  /**
   * Looks for it and, where that needs no more rights than a user has, fetches it. Never rejects: what goes wrong is the reason.
   * @param onProgress told in one line each when something takes long
   */
  find(onProgress?: (line: string) => void): Promise<Found | Missing>;
}

export interface Found {
  readonly state: 'found';
  /** In a few words: which, and where it is from. */
  readonly what: string;
}

export interface Missing {
  readonly state: 'missing';
  /** What was tried and why it failed, in one line. */
  readonly reason: string;
}

export function missing(error: unknown): Missing {
  return { state: 'missing', reason: error instanceof Error ? error.message : String(error) };
}
