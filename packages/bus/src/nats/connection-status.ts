import type { NatsConnection, Status } from '@nats-io/nats-core';
import { Listeners } from '../listeners.ts';

/** What happened to a connection. `error` tells of trouble that did not end it: refused subjects, a handler that threw. */
export interface ConnectionStatus {
  readonly type: 'disconnected' | 'reconnected' | 'slow-consumer' | 'lame-duck' | 'error' | 'closed';
  readonly detail: string;
}

/** The parts of the client library that are not public, and why each is needed. */
interface Internals {
  readonly protocol?: {
    /** Destroyed by hand: on a link that swallows what is written, the library's own disconnect waits for the write to end, for ever. */
    readonly transport?: { readonly socket?: { destroy(): void } };
  };
}

const STALE_GRACE_MS = 1_000;

/** Turns the library's iterator of statuses into calls of listeners, and holds what it means for `connected`. */
export class StatusFeed {
  readonly #listeners = new Listeners<ConnectionStatus>("the connection's status");
  readonly #nats: NatsConnection;
  #staleTimer: NodeJS.Timeout | undefined;
  connected = true;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    void this.#pump();
  }

  /** @returns the undo */
  listen(listener: (status: ConnectionStatus) => void): () => void {
    return this.#listeners.add(listener);
  }

  emit(status: ConnectionStatus): void {
    this.#listeners.tell(status);
  }

  close(): void {
    clearTimeout(this.#staleTimer);
  }

  async #pump(): Promise<void> {
    for await (const status of this.#nats.status()) this.#take(status);
  }

  #take(status: Status): void {
    switch (status.type) {
      case 'disconnect':
        clearTimeout(this.#staleTimer);
        this.connected = false;
        this.emit({ type: 'disconnected', detail: `lost ${status.server}` });
        break;
      case 'reconnect':
        this.connected = true;
        this.emit({ type: 'reconnected', detail: `connected to ${status.server} again` });
        break;
      case 'staleConnection': {
        const socket = (this.#nats as unknown as Internals).protocol?.transport?.socket;
        this.#staleTimer = setTimeout(() => socket?.destroy(), STALE_GRACE_MS);
        break;
      }
      case 'slowConsumer':
        this.emit({ type: 'slow-consumer', detail: `${status.pending} messages wait` });
        break;
      case 'ldm':
        this.emit({ type: 'lame-duck', detail: `${status.server} is about to stop` });
        break;
      case 'error': {
        // The server says this in an error of its own, and then cuts the connection.
        const isSlow = /slow consumer/i.test(status.error.message);
        this.emit({ type: isSlow ? 'slow-consumer' : 'error', detail: status.error.message });
        break;
      }
      case 'close':
        this.connected = false;
        this.emit({ type: 'closed', detail: 'closed' });
        break;
      default:
      // reconnecting, update, ping, forceReconnect: nothing that anyone acts upon.
    }
  }
}
