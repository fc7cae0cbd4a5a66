import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Wire } from './outbox.ts';

/** What is gathered before it is written without waiting for the turn's end: the network may take it, and then it does not count as waiting. */
const MOST_GATHERED_BYTES = 64 * 1024;

/**
 * A websocket's way out. Frames are written beside ws, which sends only what belongs to the connection itself: pongs, pings, the close
 * frame. What is written within one turn of the loop goes to the network in one write: under load that is most of what a message costs.
 */
export class SocketWire implements Wire {
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  #gatheredBytes = 0;
  #willFlush = false;

  constructor(websocket: WebSocket, socket: Socket) {
    this.#websocket = websocket;
    this.#socket = socket;
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  get takenBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  write(frame: Buffer): void {
    // After a close frame nothing may follow (RFC 6455, section 5.5.1), and ws answers one before it tells of it.
    if (this.#websocket.readyState !== WebSocket.OPEN) return;
    if (this.#gatheredBytes === 0) this.#socket.cork();
    this.#gatheredBytes += frame.length;
    this.#socket.write(frame);
    if (this.#gatheredBytes >= MOST_GATHERED_BYTES) this.#flush();
    else if (!this.#willFlush) {
      this.#willFlush = true;
      setImmediate(() => {
        this.#willFlush = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    if (this.#gatheredBytes === 0) return;
    this.#gatheredBytes = 0;
    this.#socket.uncork();
  }
}
