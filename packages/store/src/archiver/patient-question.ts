import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { BackOff, type BackOffOptions } from './back-off.ts';

export interface PatientQuestion<Answer> {
  /** Asks the archive. */
  readonly ask: () => Promise<Answer>;
  readonly backOff: BackOffOptions;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Told why it cannot answer now. */
  readonly onFailure: (reason: string) => void;
}

/**
 * Asks an archive that may be away until it answers.
 * @returns undefined when it is to stop before it has
 * @throws {StoreError} when the back end is gone for good
 */
export async function answerOf<Answer>({
  ask,
  backOff,
  signal,
  onFailure,
}: PatientQuestion<Answer>): Promise<{ readonly answer: Answer } | undefined> {
  const pauses = new BackOff(backOff);
  while (!signal.aborted) {
    try {
      return { answer: await ask() };
    } catch (error) {
      if (error instanceof StoreError && !error.isRetryable) throw error;
      onFailure(error instanceof Error ? error.message : String(error));
    }
    await delay(pauses.next(), undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
