import type { BusConnection } from '@katbus/bus/nats';
import { announceSubject } from '@katbus/protocol';

/** Options of asking for attributes. Defaults: {@link INQUIRY_DEFAULTS}. */
export interface InquiryOptions {
  /** From the first sample of a sensor without attributes: its component may be about to announce them. */
  readonly firstMs?: number;
  /** Pauses double up to this. */
  readonly mostMs?: number;
  /** Components that are asked; of others nothing is noted until there is room. */
  readonly mostComponents?: number;
  readonly asksASecond?: number;
}

export const INQUIRY_DEFAULTS = {
  firstMs: 2_000,
  mostMs: 600_000,
  mostComponents: 10_000,
  asksASecond: 20,
} as const satisfies Required<InquiryOptions>;

interface Asked {
  dueMs: number;
  pauseMs: number;
  /** How often it is still to be asked, if its attributes do not come. */
  asks: number;
}

/** When the stream has lost what was announced: components may be long in coming back to a server that was away. */
const ASKS_AFTER_LOSS = 6;

/**
 * Asks components for the attributes of sensors that have none in the catalogue, on `rpc.attributes.<component>`, as long as their samples keep
 * coming: with growing pauses for each component, and so many a second altogether.
 */
export class AttributesInquiry {
  readonly #connection: Pick<BusConnection, 'publish' | 'connected'>;
  readonly #onAsk: (component: string) => void;
  readonly #options: Required<InquiryOptions>;
  readonly #asked = new Map<string, Asked>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    connection: Pick<BusConnection, 'publish' | 'connected'>,
    onAsk: (component: string) => void,
    options: InquiryOptions = {},
  ) {
    this.#connection = connection;
    this.#onAsk = onAsk;
    this.#options = { ...INQUIRY_DEFAULTS, ...options };
  }

  /** A sample has come of a sensor without attributes. */
  missed(component: string): void {
    this.#want(component, 1);
  }

  /** What these had announced is gone from the stream, for whoever reads it. */
  lost(components: Iterable<string>): void {
    for (const component of components) this.#want(component, ASKS_AFTER_LOSS);
  }

  /** A component has announced something. */
  came(component: string): void {
    const asked = this.#asked.get(component);
    if (asked !== undefined) asked.asks = 0;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#asked.clear();
  }

  #want(component: string, asks: number): void {
    const known = this.#asked.get(component);
    if (known !== undefined) {
      known.asks = Math.max(known.asks, asks);
      return;
    }
    const { firstMs, mostComponents, asksASecond } = this.#options;
    if (this.#asked.size >= mostComponents) return;
    this.#asked.set(component, { dueMs: performance.now() + firstMs, pauseMs: firstMs, asks });
    this.#timer ??= setInterval(() => this.#askNext(), 1000 / asksASecond);
  }

  /** The one that has waited for longest, if it is due. */
  #askNext(): void {
    const nowMs = performance.now();
    for (const [component, asked] of this.#asked) {
      if (asked.dueMs > nowMs) continue;
      // To the end of the order, so that all have their turn.
      this.#asked.delete(component);
      if (asked.asks === 0) continue;
      const pauseMs = Math.min(2 * asked.pauseMs, this.#options.mostMs);
      this.#asked.set(component, { dueMs: nowMs + pauseMs, pauseMs, asks: asked.asks - 1 });
      if (!this.#connection.connected) return;
      this.#connection.publish(announceSubject(component), '');
      this.#onAsk(component);
      return;
    }
    if (this.#asked.size === 0) this.close();
  }
}
