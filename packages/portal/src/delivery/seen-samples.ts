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
  /** Microseconds by sensor, by component: a component is forgotten without a look at the others. */
  readonly #lastUs = new Map<string, Map<string, number>>();
  readonly #most: number;
  #size = 0;

  /** @param most sensors to remember; beyond, one that is known for long is forgotten: the oldest of the component that is known for longest */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  take({ key, timeUs }: Publication, isResent: boolean): Seen {
    const component = componentOf(key);
    const times = this.#lastUs.get(component);
    const lastUs = times?.get(key);
    if (lastUs === timeUs) return isResent ? 'resent' : 'copy';
    if (lastUs === undefined) {
      this.#add(component, key, timeUs);
      return 'first';
    }
    if (isResent && timeUs < lastUs) return 'resent';
    times!.set(key, timeUs);
    return 'next';
  }

  /** A sample of a snapshot, once no live copy of it can still come. */
  note(key: string, timeUs: number): void {
    const component = componentOf(key);
    const times = this.#lastUs.get(component);
    const lastUs = times?.get(key);
    if (lastUs === undefined) this.#add(component, key, timeUs);
    else if (lastUs < timeUs) times!.set(key, timeUs);
  }

  /** The clock of a component was set back: what its sensors' times were tells nothing of what comes. The sensors themselves are no news. */
  forgetTimes(component: string): void {
    const times = this.#lastUs.get(component);
    for (const key of times?.keys() ?? []) times!.set(key, -Infinity);
  }

  #add(component: string, key: string, timeUs: number): void {
    if (this.#size >= this.#most) this.#forgetOne();
    let times = this.#lastUs.get(component);
    if (times === undefined) {
      times = new Map();
      this.#lastUs.set(component, times);
    }
    times.set(key, timeUs);
    this.#size += 1;
  }

  #forgetOne(): void {
    for (const [component, times] of this.#lastUs) {
      for (const key of times.keys()) {
        times.delete(key);
        this.#size -= 1;
        if (times.size === 0) this.#lastUs.delete(component);
        return;
      }
    }
  }
}

function componentOf(key: string): string {
  return key.slice(0, key.indexOf('.'));
}
