import type { BusConnection } from '@katbus/bus/nats';
import { toSeconds, wallClockUs } from '@katbus/protocol';

export interface NatsPulseOptions {
  readonly connection: Pick<BusConnection, 'connected' | 'flush' | 'onStatus'>;
  readonly onLost: () => void;
  /** @param fromSeconds since when messages may be missing: Unix seconds */
  readonly onRecovered: (fromSeconds: number) => void;
}

const BEAT_MS = 1_000;

/**
 * Knows since when the portal may not have heard what was published: the loss of a connection is noticed late when the network goes silent,
 * so once a second the server is asked for a sign of life.
 */
export class NatsPulse {
  readonly #options: NatsPulseOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #undo: () => void;
  #aliveUs = wallClockUs();
  #lostFromUs: number | undefined;
  #isAsking = false;

  constructor(options: NatsPulseOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#ask(), BEAT_MS);
    this.#undo = options.connection.onStatus(({ type }) => {
      if (type === 'disconnected') this.#lost();
      else if (type === 'reconnected') this.#recovered();
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#undo();
  }

  #lost(): void {
    this.#lostFromUs ??= this.#aliveUs;
    this.#options.onLost();
  }

  #recovered(): void {
    const fromUs = this.#lostFromUs ?? this.#aliveUs;
    this.#lostFromUs = undefined;
    this.#aliveUs = wallClockUs();
    this.#options.onRecovered(toSeconds(fromUs));
  }

  async #ask(): Promise<void> {
    const { connection } = this.#options;
    if (this.#isAsking || !connection.connected) return;
    this.#isAsking = true;
    const askedUs = wallClockUs();
    try {
      await connection.flush();
      // Nothing that was published before the question can still be on its way here.
      if (this.#lostFromUs === undefined) this.#aliveUs = askedUs;
    } catch {
      // The status tells of the loss.
    } finally {
      this.#isAsking = false;
    }
  }
}
