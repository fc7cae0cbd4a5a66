import { publishStored, type BusConnection } from '@katbus/bus/nats';
import { presenceSubject, type ComponentPresence } from '@katbus/protocol';

export interface PublisherParts {
  readonly connection: BusConnection;
  /** The presence that holds now; undefined: the component is not known any more. */
  readonly presenceOf: (component: string) => ComponentPresence | undefined;
  /** Asked before each message: only the elected one publishes. */
  readonly mayPublish: () => boolean;
  /** Told of each attempt that failed; it is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

const RETRY_MS = 1_000;

/** Publishes what has changed on `portal.component.<name>`, each until the stream STATE has it; of several changes the newest. */
export class PresencePublisher {
  readonly #parts: PublisherParts;
  readonly #changed = new Set<string>();
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  changed(component: string): void {
    if (!this.#parts.mayPublish()) return;
    this.#changed.add(component);
    if (this.#retry === undefined) this.#run();
  }

  /** Resolves when what had changed is published, or cannot be. */
  async settled(): Promise<void> {
    await this.#running;
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#changed.clear();
  }

  #run(): void {
    this.#running ??= this.#publishAll().finally(() => {
      this.#running = undefined;
      if (this.#changed.size > 0 && this.#retry === undefined) this.#run();
    });
  }

  async #publishAll(): Promise<void> {
    const { connection, presenceOf, mayPublish, onTrouble } = this.#parts;
    for (const component of this.#changed) {
      if (!mayPublish()) {
        this.#changed.clear();
        return;
      }
      const presence = presenceOf(component);
      this.#changed.delete(component);
      if (presence === undefined) continue;
      try {
        await publishStored(connection, presenceSubject(component), JSON.stringify(presence));
      } catch (error) {
        this.#changed.add(component);
        onTrouble(error);
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          this.#run();
        }, RETRY_MS);
        return;
      }
    }
  }
}
