import type { NatsConnectionImpl } from '@nats-io/nats-core/internal';
import type { NatsConnection } from '@nats-io/nats-core';
import { MalformedSubjectError, PayloadTooLargeError } from './errors.ts';

const SLAB_BYTES = 128 * 1024;
/** So much is handed to the socket at once; what is less waits for the end of the turn. */
const FLUSH_BYTES = 32 * 1024;
const WHITE_SPACE = /\s/;

/**
 * Publishes without what `publish` of the client library makes of each message: two arrays, three copies and an options object. The frames of a turn
 * (NATS client protocol, `PUB subject reply bytes`) are written as text one behind the other, and the library's connection takes them as one
 * command. That method is no part of its documented interface, which is why the version is pinned; what it does is tested here.
 */
export class FrameWriter {
  readonly #nats: NatsConnection;
  readonly #maxPayload: () => number;
  #slab = Buffer.alloc(0);
  /** Where the part of the slab begins that has not been handed over, and where it ends. */
  #begin = 0;
  #end = 0;

  constructor(nats: NatsConnection, maxPayload: () => number) {
    this.#nats = nats;
    this.#maxPayload = maxPayload;
  }

  /** @throws {PayloadTooLargeError} above the server's max_payload @throws {MalformedSubjectError} */
  write(subject: string, reply: string, payload: string): void {
    const bytes = Buffer.byteLength(payload);
    if (bytes > this.#maxPayload()) throw new PayloadTooLargeError(subject, bytes, this.#maxPayload());
    if (subject === '' || WHITE_SPACE.test(subject)) throw new MalformedSubjectError(subject);
    const frame = `PUB ${subject} ${reply} ${bytes}\r\n${payload}\r\n`;
    const frameBytes = frame.length - payload.length + bytes;
    if (this.#end + frameBytes > this.#slab.length) this.#renew(frameBytes);
    if (this.#end === this.#begin) queueMicrotask(() => this.flush());
    // A text of ASCII only, which is the rule, is written byte by byte.
    this.#end += this.#slab.write(frame, this.#end, frameBytes === frame.length ? 'latin1' : 'utf8');
    if (this.#end - this.#begin >= FLUSH_BYTES) this.flush();
  }

  /** Hands over what has been written: to be called before anything else is sent on the connection that must not overtake it. */
  flush(): void {
    if (this.#end === this.#begin) return;
    const frames = this.#slab.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    (this.#nats as NatsConnectionImpl).protocol.sendCommand(frames);
  }

  /** The socket may still have to write the slab before, so it is never used again. */
  #renew(leastBytes: number): void {
    this.flush();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, leastBytes));
    this.#begin = 0;
    this.#end = 0;
  }
}
