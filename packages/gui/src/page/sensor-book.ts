import {
  formatAddress,
  isGone,
  normalisedName,
  parseAttributesSubject,
  parseSensorSubject,
  type Attributes,
  type ComponentPresence,
  type Sample,
  type SensorAddress,
  type Status,
} from '@katbus/protocol';
import { secondsText } from './time-text.ts';

/** What the page knows of one sensor. */
export interface SensorEntry extends SensorAddress {
  /** `<component>.<sensor>`. */
  readonly address: string;
  attributes: Attributes | undefined;
  sample: Sample | undefined;
  /** What the filter searches, in lower case. */
  searchText: string;
}

/** A sensor that has published nothing that we know of counts as unknown. */
export function statusOf(entry: SensorEntry): Status {
  return entry.sample?.status ?? 'unknown';
}

const NATURAL_ORDER = new Intl.Collator('en', { numeric: true });

/** All sensors that were heard of, in order of component and sensor, with their newest samples. */
export class SensorBook {
  readonly #entries = new Map<string, SensorEntry>();
  readonly #counts = new Map<Status, number>();
  #sorted: readonly SensorEntry[] | undefined = [];
  #absent: ReadonlySet<string> = new Set();
  readonly #presence = new Map<string, ComponentPresence>();
  /** Counts up when sensors or what the filter searches changed. */
  membership = 0;
  /** Counts up when some sensor's status changed. */
  statuses = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(address: string): SensorEntry | undefined {
    return this.#entries.get(address);
  }

  sorted(): readonly SensorEntry[] {
    this.#sorted ??= [...this.#entries.values()].sort(
      (a, b) => NATURAL_ORDER.compare(a.component, b.component) || NATURAL_ORDER.compare(a.sensor, b.sensor),
    );
    return this.#sorted;
  }

  countOf(status: Status): number {
    return this.#counts.get(status) ?? 0;
  }

  /** What is wrong with a component, for people; undefined: it is there, or nothing is known against it. */
  complaintOf(component: string): string | undefined {
    const presence = this.#presence.get(component);
    switch (presence?.state) {
      case 'absent':
        return `absent since ${secondsText(presence.since)} UTC`;
      case 'left':
        return `left at ${secondsText(presence.since)} UTC`;
      case 'forgotten':
        return 'out of service';
      case 'duplicate':
        return `runs ${presence.instances.length} times`;
      case 'present':
        return undefined;
      case undefined:
        // No presence service tells: then what did not answer when all were asked.
        return this.#absent.has(component) ? 'does not answer' : undefined;
    }
  }

  /** Whether nobody is there who would publish new values of its sensors. */
  isStale(component: string): boolean {
    const state = this.#presence.get(component)?.state;
    return state === undefined ? this.#absent.has(component) : isGone(state);
  }

  /** A message on `portal.component.<name>`; what is none is passed over. */
  putPresence(message: unknown): void {
    if (!isPresence(message)) return;
    this.#presence.set(message.component, message);
    this.membership += 1;
  }

  /** A live sample has come: whoever said that its component is gone was mistaken, or will say so soon. */
  heardOf(component: string): void {
    if (!this.isStale(component)) return;
    this.#presence.delete(component);
    this.#absent = new Set([...this.#absent].filter((absent) => absent !== component));
    this.membership += 1;
  }

  setAbsent(components: readonly string[]): void {
    this.#absent = new Set(components);
    this.membership += 1;
  }

  /** @returns the entry, or undefined when the subject is no sensor's */
  putSample(subject: string, sample: Sample): SensorEntry | undefined {
    const address = parseSensorSubject(subject);
    if (address === undefined) return undefined;
    const entry = this.#entryOf(address);
    const before = statusOf(entry);
    entry.sample = sample;
    if (sample.status !== before) {
      this.#count(before, -1);
      this.#count(sample.status, 1);
      this.statuses += 1;
    }
    return entry;
  }

  /** Attributes as they travel on `attributes.<component>`; those that fit no sensor of it are passed over. */
  putAnnounced(subject: string, attributes: Attributes): void {
    const component = parseAttributesSubject(subject);
    if (component === undefined || !attributes.name.startsWith(`${component}_`)) return;
    this.putAttributes({ component, sensor: attributes.name.slice(component.length + 1) }, attributes);
  }

  putAttributes(address: SensorAddress, attributes: Attributes): void {
    const entry = this.#entryOf(address);
    entry.attributes = attributes;
    const searchText = searchTextOf(entry);
    if (searchText === entry.searchText) return;
    entry.searchText = searchText;
    this.membership += 1;
  }

  #entryOf({ component, sensor }: SensorAddress): SensorEntry {
    const address = formatAddress({ component, sensor });
    const known = this.#entries.get(address);
    if (known !== undefined) return known;
    const entry: SensorEntry = {
      component,
      sensor,
      address,
      attributes: undefined,
      sample: undefined,
      searchText: '',
    };
    entry.searchText = searchTextOf(entry);
    this.#entries.set(address, entry);
    this.#sorted = undefined;
    this.#count('unknown', 1);
    this.membership += 1;
    return entry;
  }

  #count(status: Status, difference: number): void {
    this.#counts.set(status, this.countOf(status) + difference);
  }
}

function isPresence(message: unknown): message is ComponentPresence {
  const { component, state, since, instances } = (message ?? {}) as Partial<ComponentPresence>;
  const isNamed = typeof component === 'string' && typeof state === 'string';
  return isNamed && typeof since === 'number' && Array.isArray(instances);
}

function searchTextOf(entry: SensorEntry): string {
  const { katcp_name = '', description = '', units = '' } = entry.attributes ?? {};
  return [entry.address, normalisedName(entry), katcp_name, description, units].join('\n').toLowerCase();
}
