import { lastValues, STREAMS, type BusConnection } from '@katbus/bus/nats';
import { isGone, SchemaError, SUBJECTS, type ComponentPresence, type PresenceState } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';

const RETRY_MS = 5_000;
/** Past so many components no more are remembered, and what is told of them counts as malformed: anybody may publish on endless subjects. */
export const MOST_KNOWN_COMPONENTS = 10_000;

/**
 * Which components are gone, as the presence service tells on `portal.component.*`. Where none runs nobody is known to be gone, and
 * nothing is stale.
 */
export class KnownPresence {
  readonly #connection: BusConnection;
  readonly #onMalformed: (reason: string) => void;
  readonly #known = new Map<string, PresenceState>();
  /** Those that were heard while the stream was read: newer than what it gave. */
  #heard: Set<string> | undefined;
  readonly #undo: (() => void)[];
  #retry: NodeJS.Timeout | undefined;

  constructor(connection: BusConnection, onMalformed: (reason: string) => void) {
    this.#connection = connection;
    this.#onMalformed = onMalformed;
    this.#undo = [
      connection.subscribe(SUBJECTS.componentPresence, ({ data }) => {
        const component = this.#take(data);
        if (component !== undefined) this.#heard?.add(component);
      }),
      connection.onStatus(({ type }) => {
        if (type === 'reconnected') void this.#read();
      }),
    ];
    void this.#read();
  }

  close(): void {
    clearTimeout(this.#retry);
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** Whether nobody is there who would publish new values of its sensors. */
  isGone(component: string): boolean {
    const state = this.#known.get(component);
    return state !== undefined && isGone(state);
  }

  /** Taken out of service for good: its sensors are shown to nobody. */
  isForgotten(component: string): boolean {
    return this.#known.get(component) === 'forgotten';
  }

  async #read(): Promise<void> {
    clearTimeout(this.#retry);
    const heard = new Set<string>();
    this.#heard = heard;
    try {
      const subjects = [SUBJECTS.componentPresence];
      for (const { data } of await lastValues(this.#connection, STREAMS.state, subjects))
        this.#take(data, heard);
    } catch {
      // No stream yet, or NATS is away: then nothing is known of anybody.
      if (this.#undo.length > 0 && this.#heard === heard)
        this.#retry = setTimeout(() => void this.#read(), RETRY_MS);
    } finally {
      if (this.#heard === heard) this.#heard = undefined;
    }
  }

  /** @returns the component */
  #take(data: Uint8Array, but?: ReadonlySet<string>): string | undefined {
    try {
      const { component, state } = parseRequest<ComponentPresence>('componentPresence', data);
      if (!this.#known.has(component) && this.#known.size >= MOST_KNOWN_COMPONENTS) {
        this.#onMalformed(`${component}: more than ${MOST_KNOWN_COMPONENTS} components are told of`);
        return undefined;
      }
      if (but?.has(component) !== true) this.#known.set(component, state);
      return component;
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      this.#onMalformed(error.message);
      return undefined;
    }
  }
}
