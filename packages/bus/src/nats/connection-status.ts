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
    /**
     * Destroyed by hand: on a link that swallows what is written, the library's own disconnect waits for the write to end, for ever. What it
     * has read is a sign of life: see {@link StatusFeed}.
     */
    readonly transport?: { readonly socket?: { readonly bytesRead: number; destroy(): void } };
  };
}

/**
 * Turns the library's iterator of statuses into calls of listeners, and holds what it means for `connected`.
 *
 * It gives up a connection on which pings stay unanswered and nothing else comes either. The library counts pings only: then a reader that is some
 * seconds behind, because much is published, loses its connection, and with it what was on the way, while messages still pour in before the answer.
 */
export class StatusFeed {
  readonly #listeners = new Listeners<ConnectionStatus>("the connection's status");
  readonly #nats: NatsConnection;
  readonly #maxPingsOut: number;
  #bytesRead = 0;
  connected = true;

  /** @param maxPingsOut after so many pings without an answer the connection may be given up */
  constructor(nats: NatsConnection, maxPingsOut: number) {
    this.#nats = nats;
    this.#maxPingsOut = maxPingsOut;
    void this.#pump();
  }

  /** @returns the undo */
  listen(listener: (status: ConnectionStatus) => void): () => void {
    return this.#listeners.add(listener);
  }

  emit(status: ConnectionStatus): void {
    this.#listeners.tell(status);
  }

  async #pump(): Promise<void> {
    for await (const status of this.#nats.status()) this.#take(status);
  }

  #take(status: Status): void {
    switch (status.type) {
      case 'disconnect':
        this.connected = false;
        this.emit({ type: 'disconnected', detail: `lost ${status.server}` });
        break;
      case 'reconnect':
        this.connected = true;
        this.emit({ type: 'reconnected', detail: `connected to ${status.server} again` });
        break;
      case 'ping':
        this.#checkLife(status.pendingPings);
        break;
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
      // reconnecting, update, forceReconnect: nothing that anyone acts upon.
    }
  }

  /** @param pingsOut how many pings are unanswered, the one that is just sent with them */
  #checkLife(pingsOut: number): void {
    const socket = (this.#nats as unknown as Internals).protocol?.transport?.socket;
    if (socket === undefined) return;
    const isSilent = socket.bytesRead === this.#bytesRead;
    this.#bytesRead = socket.bytesRead;
    if (isSilent && pingsOut > this.#maxPingsOut) socket.destroy();
  }
}
