/** Calls of one part of the page come no closer than this. */
export interface PaintOptions {
  readonly leastIntervalMs: number;
}

/**
 * Paints parts of the page when they have changed, in an animation frame: however many samples come, a part is painted at most once a frame,
 * and not at all while the page is hidden.
 */
export class Painter {
  #requested = false;
  /** When a part has changed but was painted too short a while ago. */
  #later: ReturnType<typeof setTimeout> | undefined;
  readonly #parts = new Set<() => number>();

  /** @returns what marks the part as changed */
  part(paint: () => void, { leastIntervalMs }: PaintOptions = { leastIntervalMs: 0 }): () => void {
    let changed = false;
    let paintedMs = Number.NEGATIVE_INFINITY;
    // Says how long until the part wants to be painted: Infinity when it has not changed.
    this.#parts.add(() => {
      if (!changed) return Number.POSITIVE_INFINITY;
      const restMs = paintedMs + leastIntervalMs - performance.now();
      if (restMs > 0) return restMs;
      changed = false;
      paintedMs = performance.now();
      paint();
      return changed ? leastIntervalMs : Number.POSITIVE_INFINITY;
    });
    return () => {
      changed = true;
      this.#request();
    };
  }

  #request(): void {
    if (this.#requested) return;
    this.#requested = true;
    requestAnimationFrame(() => {
      this.#requested = false;
      const restMs = Math.min(...[...this.#parts].map((paint) => paint()));
      clearTimeout(this.#later);
      if (Number.isFinite(restMs)) this.#later = setTimeout(() => this.#request(), restMs);
    });
  }
}
