import type { BusConnection } from './connection.ts';
import { DisconnectedError, NoResponderError } from './errors.ts';
import type { BusMessage } from './message.ts';

export interface RequestManyOptions {
  readonly onMessage: (message: BusMessage) => void;
  /** Ends the wait when so long no answer came; counted from the request on. Default: none. */
  readonly stallMs?: number | undefined;
  /** Ends the wait in any case. */
  readonly totalMs: number;
  /** Asked after each `onMessage`. */
  readonly isLast?: ((message: BusMessage) => boolean) | undefined;
  readonly headers?: Record<string, string> | undefined;
}

/** One question and its answers. It ends once, in `#end`, which releases the subscription and the timers. */
export class RequestMany {
  readonly #connection: BusConnection;
  readonly #subject: string;
  readonly #options: RequestManyOptions;
  readonly #undos: (() => void)[] = [];
  readonly #settled = Promise.withResolvers<void>();
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(connection: BusConnection, subject: string, options: RequestManyOptions) {
    this.#connection = connection;
    this.#subject = subject;
    this.#options = options;
  }

  run(data: Uint8Array | string): Promise<void> {
    const { totalMs, headers } = this.#options;
    const inbox = this.#connection.newInbox();
    try {
      this.#connection.checkConnected(`request on ${this.#subject}`);
      this.#undos.push(
        this.#connection.subscribe(inbox, (message) => {
          this.#take(message);
        }),
      );
      this.#connection.publish(this.#subject, data, { reply: inbox, headers });
    } catch (error) {
      this.#end(error as Error);
      return this.#settled.promise;
    }
    this.#undos.push(
      this.#connection.onStatus((status) => {
        const isClosed = status.type === 'closed';
        if (isClosed || status.type === 'disconnected') {
          this.#end(new DisconnectedError(`request on ${this.#subject}`, !isClosed));
        }
      }),
    );
    const timer = setTimeout(() => {
      this.#end();
    }, totalMs);
    this.#undos.push(() => {
      clearTimeout(timer);
    });
    this.#waitForNext();
    return this.#settled.promise;
  }

  #take(message: BusMessage): void {
    if (message.data.length === 0 && message.status === 503) {
      this.#end(new NoResponderError(this.#subject));
      return;
    }
    try {
      this.#options.onMessage(message);
      if (this.#options.isLast?.(message) === true) {
        this.#end();
        return;
      }
    } catch (error) {
      this.#end(error as Error);
      return;
    }
    this.#waitForNext();
  }

  #waitForNext(): void {
    const { stallMs } = this.#options;
    if (stallMs === undefined) return;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => {
      this.#end();
    }, stallMs);
  }

  #end(error?: Error): void {
    clearTimeout(this.#stallTimer);
    for (const undo of this.#undos.splice(0)) undo();
    if (error === undefined) this.#settled.resolve();
    else this.#settled.reject(error);
  }
}
