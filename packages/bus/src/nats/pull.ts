import { isAcknowledgementSubject } from './acknowledgement-subject.ts';
import type { BusConnection } from './connection.ts';
import type { BusMessage } from './message.ts';
import { DeliveredMessage } from './stream-message.ts';

/**
 * Why a pull is over. `complete`: all that was asked for has come; `expired`: no more came in time; `lost`: the consumer, its leader or
 * the connection is gone, or the server keeps silent: what was on its way may be lost.
 */
export interface PullEnd {
  readonly type: 'complete' | 'expired' | 'lost';
  readonly detail: string;
}

export interface PullHandlers {
  readonly onMessage: (message: DeliveredMessage) => void;
  readonly onEnd: (end: PullEnd) => void;
  /** Every few seconds while nothing comes: the number of the consumer's last delivery, to whomever. */
  readonly onHeartbeat: (deliverySequence: number) => void;
}

export interface PullRequest {
  readonly messages: number;
  readonly bytes?: number | undefined;
  readonly expiresMs: number;
}

const HEARTBEAT_MS = 5_000;
const NANOSECONDS_PER_MS = 1e6;
const ACKNOWLEDGEMENT_PREFIX = '$JS.ACK.';

/**
 * Asks a pull consumer for messages, one request at a time, and tells when the request has ended (ADR-37). It mends nothing: whoever
 * uses it decides what a lost pull means.
 */
export class Pull {
  readonly #connection: BusConnection;
  readonly #requestSubject: string;
  readonly #inbox: string;
  readonly #handlers: PullHandlers;
  readonly #undos: (() => void)[];
  #state: 'idle' | 'open' | 'closed' = 'idle';
  #request = 0;
  #outstanding = 0;
  #heardAtMs = 0;
  #silenceTimer: NodeJS.Timeout | undefined;

  constructor(connection: BusConnection, stream: string, consumer: string, handlers: PullHandlers) {
    this.#connection = connection;
    this.#requestSubject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#inbox = connection.newInbox();
    this.#handlers = handlers;
    this.#undos = [
      connection.subscribe(`${this.#inbox}.*`, (message) => {
        this.#take(message);
      }),
      connection.onStatus(({ type }) => {
        if (type === 'disconnected' || type === 'closed') this.#lose(`the connection is ${type}`);
      }),
    ];
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** How many messages of the open request are still to come. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Only while no request is open. */
  request({ messages, bytes, expiresMs }: PullRequest): void {
    if (this.#state !== 'idle') throw new Error(`a pull is asked for while it is ${this.#state}`);
    this.#state = 'open';
    this.#request += 1;
    this.#outstanding = messages;
    this.#heardAtMs = performance.now();
    // The server refuses a heartbeat of more than half the time of the request.
    const heartbeatMs = Math.min(HEARTBEAT_MS, expiresMs / 2);
    this.#connection.publish(
      this.#requestSubject,
      JSON.stringify({
        batch: messages,
        max_bytes: bytes,
        expires: expiresMs * NANOSECONDS_PER_MS,
        idle_heartbeat: heartbeatMs * NANOSECONDS_PER_MS,
      }),
      { reply: `${this.#inbox}.${this.#request}` },
    );
    this.#silenceTimer = setInterval(() => {
      if (performance.now() - this.#heardAtMs > 2 * heartbeatMs) this.#end('lost', 'no heartbeat');
    }, heartbeatMs);
  }

  close(): void {
    clearInterval(this.#silenceTimer);
    this.#state = 'closed';
    for (const undo of this.#undos.splice(0)) undo();
  }

  #take(message: BusMessage): void {
    if (this.#state === 'closed') return;
    this.#heardAtMs = performance.now();
    const reply = message.replyBytes;
    const isDelivery =
      reply === undefined
        ? message.reply?.startsWith(ACKNOWLEDGEMENT_PREFIX) === true
        : isAcknowledgementSubject(reply);
    if (isDelivery) {
      this.#outstanding -= 1;
      this.#handlers.onMessage(new DeliveredMessage(message));
      if (this.#outstanding <= 0) this.#end('complete', 'all have come');
    } else if (message.subject === `${this.#inbox}.${this.#request}`) {
      this.#takeStatus(message);
    }
  }

  #takeStatus(message: BusMessage): void {
    const { status, statusText } = message;
    const detail = `${status} ${statusText}`;
    if (status === 100) this.#handlers.onHeartbeat(Number(message.header('Nats-Last-Consumer') ?? 0));
    else if (status === 404 || status === 408) this.#end('expired', detail);
    // 409 for a full request is no trouble; for all else (consumer deleted, leadership change, server shutdown, ...) it is.
    else if (status === 409 && /exceeds maxbytes|batch completed/i.test(statusText))
      this.#end('expired', detail);
    else this.#end('lost', detail);
  }

  /** Told also while no request is open: the next one would be swallowed, or meet a consumer that the server has forgotten. */
  #lose(detail: string): void {
    if (this.#state === 'idle') this.#handlers.onEnd({ type: 'lost', detail });
    else this.#end('lost', detail);
  }

  #end(type: PullEnd['type'], detail: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'idle';
    this.#outstanding = 0;
    clearInterval(this.#silenceTimer);
    this.#handlers.onEnd({ type, detail });
  }
}
