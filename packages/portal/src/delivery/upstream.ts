/** What is asked of a connection to NATS. */
export interface UpstreamConnection<Message> {
  /** @returns the undo */
  subscribe(pattern: string, onMessage: (message: Message) => void): () => void;
}

interface Held {
  users: number;
  readonly end: () => void;
}

/**
 * The portal's subscriptions on NATS, shared by all sessions: one for each distinct pattern, as long as somebody wants it.
 *
 * Patterns under `attributes.` and `portal.` share one subscription each: little is published there, and so no message of theirs comes twice.
 * Of samples, overlapping patterns do deliver copies; {@link SeenSamples} tells them.
 */
export class Upstream<Message> {
  readonly #connection: UpstreamConnection<Message>;
  readonly #onMessage: (message: Message) => void;
  readonly #held = new Map<string, Held>();
  #newestMs = -Infinity;

  constructor(connection: UpstreamConnection<Message>, onMessage: (message: Message) => void) {
    this.#connection = connection;
    this.#onMessage = onMessage;
  }

  /** When the last new subscription was made, on the clock of `performance.now()`. */
  get newestMs(): number {
    return this.#newestMs;
  }

  get size(): number {
    return this.#held.size;
  }

  /** @returns the undo */
  want(patterns: readonly string[]): () => void {
    const wanted = [...new Set(patterns.map(upstreamPattern))];
    for (const pattern of wanted) this.#add(pattern);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      for (const pattern of wanted) this.#drop(pattern);
    };
  }

  #add(pattern: string): void {
    const held = this.#held.get(pattern);
    if (held !== undefined) {
      held.users += 1;
      return;
    }
    this.#held.set(pattern, { users: 1, end: this.#connection.subscribe(pattern, this.#onMessage) });
    this.#newestMs = performance.now();
  }

  #drop(pattern: string): void {
    const held = this.#held.get(pattern);
    if (held === undefined) return;
    held.users -= 1;
    if (held.users > 0) return;
    this.#held.delete(pattern);
    held.end();
  }
}

function upstreamPattern(pattern: string): string {
  if (pattern.startsWith('attributes.')) return 'attributes.>';
  return pattern.startsWith('portal.') ? 'portal.>' : pattern;
}
