/** When a node began to live, as it says itself; undefined: it did not answer. */
export type AskBoot = (node: string) => Promise<number | undefined>;

export interface Booted {
  readonly node: string;
  /** When it was last seen in its life before, by our clock. */
  readonly knownUntilMs: number;
}

interface Mark {
  readonly boot: number;
  readonly knownUntilMs: number;
}

/**
 * Notices that a node was booted anew. A node acknowledges writes before they are on its disk (`commitlog_sync: periodic`, 10 s), so a crash
 * of its host takes some with it; a connection that comes back does not say whether there was one.
 */
export class BootMarks {
  readonly #ask: AskBoot;
  readonly #nowMs: () => number;
  readonly #marks = new Map<string, Mark>();
  #checking: Promise<Booted[]> | undefined;

  constructor(ask: AskBoot, nowMs: () => number = Date.now) {
    this.#ask = ask;
    this.#nowMs = nowMs;
  }

  /** Asks nodes. @returns those that were booted anew since they were asked before */
  check(nodes: readonly string[]): Promise<Booted[]> {
    // One after the other, so that of two answers the later one counts.
    const before = this.#checking ?? Promise.resolve([]);
    const checking = before.then(async () => {
      const found = await Promise.all(nodes.map((node) => this.#checkNode(node)));
      return found.filter((booted) => booted !== undefined);
    });
    this.#checking = checking;
    return checking;
  }

  async #checkNode(node: string): Promise<Booted | undefined> {
    // Before it is asked: it may crash while its answer is on the way.
    const nowMs = this.#nowMs();
    const boot = await this.#ask(node);
    if (boot === undefined) return undefined;
    const mark = this.#marks.get(node);
    this.#marks.set(node, { boot, knownUntilMs: nowMs });
    return mark === undefined || mark.boot === boot ? undefined : { node, knownUntilMs: mark.knownUntilMs };
  }
}
