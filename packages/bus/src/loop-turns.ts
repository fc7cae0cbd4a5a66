import { setImmediate } from 'node:timers/promises';

export interface LoopTurnsOptions {
  /** How long one turn may work before others get theirs, ms. */
  readonly mostMs: number;
  readonly nowMs: () => number;
  /** Resolves in another turn of the loop. */
  readonly nextTurn: () => Promise<unknown>;
}

const LOOP_TURNS_DEFAULTS: LoopTurnsOptions = {
  mostMs: 5,
  nowMs: () => performance.now(),
  nextTurn: () => setImmediate(),
};

/**
 * Long work in turns: `if (turns.isOver) await turns.next()` before each piece. Pieces differ in what they take (a filter may look at a name for
 * a microsecond or for a millisecond), so it is the clock that says when a turn is over, not a count.
 */
export class LoopTurns {
  readonly #options: LoopTurnsOptions;
  #beganMs: number;

  constructor(options: Partial<LoopTurnsOptions> = {}) {
    this.#options = { ...LOOP_TURNS_DEFAULTS, ...options };
    this.#beganMs = this.#options.nowMs();
  }

  get isOver(): boolean {
    const { nowMs, mostMs } = this.#options;
    return nowMs() - this.#beganMs >= mostMs;
  }

  async next(): Promise<void> {
    await this.#options.nextTurn();
    this.#beganMs = this.#options.nowMs();
  }
}
