import type { DeliverySession } from '../delivery/delivery-session.ts';
import type { RequestContext } from './methods.ts';

interface Turns {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Large answers of one session, a few at a time: the archive is asked for a page only when an earlier one has been handed to the network. A client
 * that asks for much and does not read costs the portal a few pages, and the archive nothing more.
 */
export class PageTurns {
  readonly #most: number;
  readonly #sessions = new WeakMap<DeliverySession, Turns>();

  constructor(most: number) {
    this.#most = most;
  }

  async run<Result>(
    { session, afterAnswer, isInBatch }: RequestContext,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const turns = this.#turnsOf(session);
    if (turns.running < this.#most) turns.running += 1;
    // Whoever leaves hands its turn on: nobody comes between.
    else await new Promise<void>((resolve) => turns.waiting.push(resolve));
    const leave = () => {
      const next = turns.waiting.shift();
      if (next === undefined) turns.running -= 1;
      else next();
    };
    // The answers of a batch go out together: one that waited for another to be gone would wait for ever.
    if (!isInBatch) afterAnswer(leave);
    try {
      return await work();
    } finally {
      if (isInBatch) leave();
    }
  }

  #turnsOf(session: DeliverySession): Turns {
    let turns = this.#sessions.get(session);
    if (turns === undefined) {
      turns = { running: 0, waiting: [] };
      this.#sessions.set(session, turns);
    }
    return turns;
  }
}
