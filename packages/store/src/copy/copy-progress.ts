import { dateOf } from '../backend/sqlite/day.ts';

/** What a copy says while it works, at most every few seconds. */
export class CopyProgress {
  readonly #tell: (line: string) => void;
  readonly #everyMs: number;
  #toldMs = performance.now();
  #samplesThen = 0;
  #samples = 0;

  /** @param everySeconds least time between two lines of progress */
  constructor(tell: (line: string) => void, everySeconds: number) {
    this.#tell = tell;
    this.#everyMs = everySeconds * 1000;
  }

  /** Something that is said in any case. */
  say(line: string): void {
    this.#tell(line);
  }

  /** @param place the day's place in the list of days */
  at(what: string, day: number, place: { readonly index: number; readonly days: number }): void {
    this.#line(() => `${what} ${dateOf(day)}, day ${place.index + 1} of ${place.days}`);
  }

  sensor(what: string, count: number): void {
    this.#line(() => `${what}: ${count} sensors`);
  }

  count(samples: number): void {
    this.#samples += samples;
  }

  #line(text: () => string): void {
    const nowMs = performance.now();
    const elapsedMs = nowMs - this.#toldMs;
    if (elapsedMs < this.#everyMs) return;
    const perSecond = Math.round(((this.#samples - this.#samplesThen) / elapsedMs) * 1000);
    this.#tell(`${text()}: ${this.#samples} samples, ${perSecond} a second`);
    this.#toldMs = nowMs;
    this.#samplesThen = this.#samples;
  }
}
