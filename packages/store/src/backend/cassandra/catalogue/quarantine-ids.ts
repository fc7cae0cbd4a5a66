import { StoreError } from '../../../errors.ts';
import type { CqlSession } from '../session/cql-session.ts';

const SELECT = 'SELECT quarantine_ids FROM archive WHERE one = 1';
/** A transaction of one row: two processes never get the same ids, and none is ever given out twice. */
const RESERVE = 'UPDATE archive SET quarantine_ids = ? WHERE one = 1 IF quarantine_ids = ?';

const AT_ONCE = 100;
const MOST_TRIES = 20;

/** Numbers quarantined messages: ids that this process has reserved in the row of table `archive`. */
export class QuarantineIds {
  readonly #session: CqlSession;
  #next = 0;
  #end = 0;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** @throws {StoreError} */
  async next(): Promise<number> {
    if (this.#next >= this.#end) await this.#reserve();
    return this.#next++;
  }

  /** Another process may have given out greater ones meanwhile. */
  forget(): void {
    this.#end = this.#next;
  }

  async #reserve(): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const [row] = await this.#session.execute(SELECT);
      const given = row?.quarantine_ids ?? null;
      const first = Number(given ?? 0) + 1;
      const [answer] = await this.#session.execute(RESERVE, [first + AT_ONCE - 1, given]);
      if (answer?.['[applied]'] !== true) continue;
      this.#next = first;
      this.#end = first + AT_ONCE;
      return;
    }
    throw new StoreError('BUSY', 'other processes reserve ids of quarantined messages all the time');
  }
}
