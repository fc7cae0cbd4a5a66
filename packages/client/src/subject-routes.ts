/** Something that wants the messages of some subjects. */
export interface Target {
  matches(subject: string): boolean;
}

/** Subjects whose targets are remembered; beyond, the memory is emptied and fills anew. */
const MOST_REMEMBERED = 250_000;

/** From a subject to the targets that want it. Patterns are matched once a subject, not once a message. */
export class SubjectRoutes<T extends Target> {
  readonly #targets = new Set<T>();
  readonly #remembered = new Map<string, readonly T[]>();

  /** @returns its undo */
  add(target: T): () => void {
    this.#targets.add(target);
    this.#remembered.clear();
    return () => {
      if (this.#targets.delete(target)) this.#remembered.clear();
    };
  }

  of(subject: string): readonly T[] {
    const known = this.#remembered.get(subject);
    if (known !== undefined) return known;
    const found = [...this.#targets].filter((target) => target.matches(subject));
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(subject, found);
    return found;
  }

  all(): readonly T[] {
    return [...this.#targets];
  }
}
