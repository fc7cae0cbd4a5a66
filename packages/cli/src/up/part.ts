/** One program that `katbus up` keeps running: nats-server or a daemon. */
export interface Part {
  readonly name: string;
  /**
   * Starts the program; resolves when it does its work.
   * @param signal when it is aborted the program is stopped again
   * @throws {PartEndedError} when it ended before it was ready
   */
  start(signal: AbortSignal): Promise<RunningPart>;
}

export interface RunningPart {
  /** Settles when the program has ended, for whatever reason, and says how: `exit code 1`. Never rejects. */
  readonly ended: Promise<string>;
  /** Resolves when it has drained and is gone. */
  stop(): Promise<void>;
  /** SIGKILL, and no waiting. */
  kill(): void;
}

/** A program ended before it did its work. `isFinal`: to start it again would not help. */
export class PartEndedError extends Error {
  readonly code = 'PART_ENDED';
  readonly isFinal: boolean;

  constructor(how: string, options: ErrorOptions & { readonly isFinal?: boolean } = {}) {
    super(how, options);
    this.isFinal = options.isFinal ?? false;
    this.name = 'PartEndedError';
  }
}

/** @param code of an exit, as Node tells it: null when a signal ended the program */
export function exitText(code: number | null, signal: NodeJS.Signals | null): string {
  return code === null ? `signal ${signal}` : `exit code ${code}`;
}
