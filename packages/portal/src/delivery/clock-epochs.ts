import { resendMark, SchemaError, type Heartbeat } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';

/** Past so many components no more are remembered. */
const MOST_COMPONENTS = 10_000;

/**
 * Which clock epoch holds for each component, as its heartbeats tell. One comes before the first sample of an epoch, on the same connection:
 * so a sample that is published again is known to be of an older one by its mark.
 */
export class ClockEpochs {
  readonly #marks = new Map<string, string>();
  readonly #onChange: (component: string) => void;

  /** @param onChange told when a component begins another epoch: times of before tell nothing any more */
  constructor(onChange: (component: string) => void) {
    this.#onChange = onChange;
  }

  /** @returns why it is no heartbeat; undefined when it is one */
  hear(data: Uint8Array): string | undefined {
    try {
      const { component, clockEpoch, leaving } = parseRequest<Heartbeat>('heartbeat', data);
      // Who leaves may have been replaced already.
      if (leaving !== true) this.#learn(component, resendMark(clockEpoch));
      return undefined;
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      return error.message;
    }
  }

  /** @param mark the value of its header `Katbus-Resend` */
  isOlder(component: string, mark: string): boolean {
    const current = this.#marks.get(component);
    return current !== undefined && mark !== current;
  }

  #learn(component: string, mark: string): void {
    const known = this.#marks.get(component);
    if (known === mark || (known === undefined && this.#marks.size >= MOST_COMPONENTS)) return;
    this.#marks.set(component, mark);
    if (known !== undefined) this.#onChange(component);
  }
}
