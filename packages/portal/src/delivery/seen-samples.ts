import type { Publication } from './publication.ts';

/** What a live sample is to this portal: `first` of its sensor, `next`, or one that it has handed on before. */
export type Seen = 'first' | 'next' | 'copy' | 'resent';

/**
 * The time of the last sample of each sensor, by which a message that came twice is told.
 *
 * Through two upstream subscriptions that overlap NATS delivers one message twice. A sensor has one publisher and NATS keeps a publisher's
 * order, so between the copies of one message there is no other of its sensor. Only equality counts: a time further back is a clock that was
 * set back. A sample that was published again is marked by its publisher, which sends nothing new before it has sent all those again: it
 * is known when its time is not after the last.
 */
export class SeenSamples {
  readonly #lastUs = new Map<string, number>();
  readonly #most: number;

  /** @param most sensors to remember; beyond, the one that is known for longest is forgotten */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#lastUs.size;
  }

  take({ key, timeUs }: Publication, isResent: boolean): Seen {
    const lastUs = this.#lastUs.get(key);
    if (lastUs === timeUs) return isResent ? 'resent' : 'copy';
    if (lastUs !== undefined && isResent && timeUs < lastUs) return 'resent';
    this.#set(key, timeUs);
    return lastUs === undefined ? 'first' : 'next';
  }

  /** A sample of a snapshot, once no live copy of it can still come. */
  note(key: string, timeUs: number): void {
    const lastUs = this.#lastUs.get(key);
    if (lastUs === undefined || lastUs < timeUs) this.#set(key, timeUs);
  }

  /** The clock of a component was set back: what its sensors' times were tells nothing of what comes. */
  forget(component: string): void {
    for (const key of this.#lastUs.keys()) if (key.startsWith(`${component}.`)) this.#lastUs.delete(key);
  }

  #set(key: string, timeUs: number): void {
    if (this.#lastUs.size >= this.#most && !this.#lastUs.has(key)) {
      const [oldest] = this.#lastUs.keys();
      if (oldest !== undefined) this.#lastUs.delete(oldest);
    }
    this.#lastUs.set(key, timeUs);
  }
}
