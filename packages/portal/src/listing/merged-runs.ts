import type { ListedRun } from './listed-run.ts';

/** The next sensor of a run that is not done. */
interface Head {
  readonly run: ListedRun;
  place: number;
}

/**
 * All sensors of runs, in order of component and sensor, one at each {@link next}: a heap of the runs' heads, so that nothing has to be sorted
 * before the first one can be written, and nothing is held but the runs.
 */
export class MergedRuns {
  readonly #heap: Head[] = [];
  /** Of the sensor that {@link next} came to. */
  text: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;

  constructor(runs: readonly ListedRun[]) {
    for (const run of runs) if (run.sensors.length > 0) this.#heap.push({ run, place: 0 });
    for (let place = this.#heap.length >> 1; place >= 0; place -= 1) this.#sink(place);
  }

  /** @returns false: there is none left */
  next(): boolean {
    const head = this.#heap[0];
    if (head === undefined) return false;
    const { run, place } = head;
    this.text = run.text;
    this.start = place === 0 ? 0 : run.ends[place - 1]!;
    this.end = run.ends[place]!;
    head.place += 1;
    if (head.place === run.sensors.length) {
      const last = this.#heap.pop()!;
      if (last !== head) this.#heap[0] = last;
    }
    this.#sink(0);
    return true;
  }

  /** Moves a head down until none below it comes before it. */
  #sink(from: number): void {
    const heap = this.#heap;
    const moved = heap[from];
    if (moved === undefined) return;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, moved)) break;
      heap[place] = heap[below]!;
      place = below;
    }
    heap[place] = moved;
  }
}

function isBefore(a: Head, b: Head): boolean {
  if (a.run.component !== b.run.component) return a.run.component < b.run.component;
  return a.run.sensors[a.place]! < b.run.sensors[b.place]!;
}
