import type { Sample } from '@katbus/protocol';

/** How a sample of a snapshot stands to what was received before it. */
export type Verdict = 'new' | 'repeated' | 'overtaken';

interface Entry {
  sample: Sample;
  era: number;
}

/**
 * The newest sample of each sensor of a subscription: one record a sensor.
 *
 * An era ends when the portal is asked anew and when it tells of a gap. Within one, a live sample may come before a page of the snapshot that
 * holds an older one; the newer stays. Across eras the times are not compared, because a component's clock may have been set back between them:
 * the last published counts.
 */
export class LatestSamples {
  readonly #entries = new Map<string, Entry>();
  #era = 0;

  beginEra(): void {
    this.#era += 1;
  }

  get(address: string): Sample | undefined {
    return this.#entries.get(address)?.sample;
  }

  live(subject: string, sample: Sample): void {
    const address = addressOf(subject);
    const entry = this.#entries.get(address);
    if (entry === undefined) {
      this.#entries.set(address, { sample, era: this.#era });
    } else {
      entry.sample = sample;
      entry.era = this.#era;
    }
  }

  snapshot(subject: string, sample: Sample): Verdict {
    const entry = this.#entries.get(addressOf(subject));
    if (entry?.era === this.#era && sample.time < entry.sample.time) return 'overtaken';
    const repeated = entry?.sample.time === sample.time;
    this.live(subject, sample);
    return repeated ? 'repeated' : 'new';
  }
}

/** `<component>.<sensor>` of `sensor.<rate>.<component>.<sensor>`; this runs once a sample, so nothing is split. */
export function addressOf(subject: string): string {
  return subject.slice(subject.indexOf('.', 'sensor.'.length) + 1);
}
