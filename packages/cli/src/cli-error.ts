/** A failure that one line explains, with what to do about it. */
export class CliError extends Error {
  readonly code = 'CLI';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
  }
}

/** What `katbus` exits with; `katbus --help` prints this table. */
export const EXIT_CODES = {
  done: 0,
  /** It failed, or `status` found something wrong. */
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
} as const;

/** One line for any error: its first line of text, so that no stack reaches a user. */
export function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split('\n', 1)[0] ?? '';
}
