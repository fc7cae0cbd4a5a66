import { setTimeout as delay } from 'node:timers/promises';
import type { BusConnection } from '@katbus/bus/nats';
import { BackOff, type BackOffOptions } from './back-off.ts';

export interface PreparationParts {
  readonly connection: Pick<BusConnection, 'closed' | 'whenConnected'>;
  /** Makes the streams; undefined: they are somebody else's to make. */
  readonly prepare: (() => Promise<void>) | undefined;
  readonly backOff: BackOffOptions;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
  /** Told of an attempt of {@link Preparation.again} that failed, in words. */
  readonly onFailure: (reason: string) => void;
}

/** What must stand before a stream can be read: a connection, and the stream itself. */
export class Preparation {
  readonly #parts: PreparationParts;
  #state: 'idle' | 'running' = 'idle';

  constructor(parts: PreparationParts) {
    this.#parts = parts;
  }

  /** One attempt, as soon as there is a connection; it ends early when it is to stop. @throws {DisconnectedError} when the connection is closed, and what making streams throws */
  async attempt(): Promise<void> {
    await this.#connected();
    if (!this.#parts.signal.aborted) await this.#parts.prepare?.();
  }

  /**
   * Attempts until one succeeds: the server may have come back with its store wiped, and not be ready to make streams yet. Nothing happens
   * when that is under way already. Never rejects.
   * @param isNeeded asked before each attempt and after one that failed
   */
  async again(isNeeded: () => boolean): Promise<void> {
    if (this.#state === 'running') return;
    this.#state = 'running';
    const { connection, signal, onFailure } = this.#parts;
    const backOff = new BackOff(this.#parts.backOff);
    while (!signal.aborted && !connection.closed && isNeeded()) {
      try {
        await this.attempt();
        break;
      } catch (error) {
        // Of the connection's end whoever waits for it is told.
        if (!connection.closed && isNeeded())
          onFailure(error instanceof Error ? error.message : String(error));
      }
      await delay(backOff.next(), undefined, { signal }).catch(() => undefined);
    }
    this.#state = 'idle';
  }

  /** Whoever stops must not wait for a server that does not come back. */
  async #connected(): Promise<void> {
    const { connection, signal } = this.#parts;
    const stopped = Promise.withResolvers<undefined>();
    const stop = () => {
      stopped.resolve(undefined);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.race([connection.whenConnected(), stopped.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
