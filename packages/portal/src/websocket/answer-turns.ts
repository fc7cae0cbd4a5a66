/** How long the answers that are too large for one go may take of a turn of the loop, all together, ms. */
const MOST_MS = 2;

/**
 * Long answers of all sessions are written in turns of the loop, each a piece at a time: a network that takes whatever it is given would otherwise be
 * given all of one answer, and everybody else nothing meanwhile.
 */
export class AnswerTurns {
  #waiting: (() => void)[] = [];
  #isRunning = false;

  /** Has a piece written soon, after those who asked before. */
  ask(write: () => void): void {
    this.#waiting.push(write);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    const beganMs = performance.now();
    do this.#waiting.shift()?.();
    while (this.#waiting.length > 0 && performance.now() - beganMs < MOST_MS);
    if (this.#waiting.length > 0) setImmediate(() => this.#run());
    else this.#isRunning = false;
  }
}
