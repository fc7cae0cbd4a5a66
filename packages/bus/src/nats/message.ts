/** One message as it came from NATS. */
export interface BusMessage {
  readonly subject: string;
  /** The same as bytes, where they are at hand without work: whoever looks a subject up among many needs no text. */
  readonly subjectBytes?: Uint8Array | undefined;
  /** Where an answer goes; undefined when the sender wants none. */
  readonly reply: string | undefined;
  readonly replyBytes?: Uint8Array | undefined;
  /**
   * The payload without headers. It is a view into the socket's read buffer (up to 64 kB): copy it to keep it for long, or a small
   * message holds the whole buffer in memory.
   */
  readonly data: Uint8Array;
  /** True when the sender set headers or the server a status. Asking costs nothing; {@link header} parses. */
  readonly hasHeaders: boolean;
  /** A header's first value; the name is case-sensitive. */
  header(name: string): string | undefined;
  /** The status code that the server put instead of an answer (404, 408, 409, 503 ...), 0 for an ordinary message. */
  readonly status: number;
  /** The text beside {@link status}. */
  readonly statusText: string;
  /** Answers to {@link reply}; nothing happens when there is none. */
  respond(data: Uint8Array | string, headers?: Record<string, string>): void;
}

/** What {@link BusMessage.respond} needs of a connection. */
export interface Responder {
  publish(
    subject: string,
    data: Uint8Array | string,
    options?: { headers?: Record<string, string> | undefined },
  ): void;
}

/**
 * The client library decodes subjects when they are asked for, which costs more than all the rest of a small message. It keeps their bytes
 * in a field that is no part of its interface: where another release has none, the texts are used.
 */
interface UndecodedMessage {
  readonly _msg?: { readonly subject?: unknown; readonly reply?: unknown };
}

/** What is used of the client library's message. */
export interface RawMessage {
  readonly subject: string;
  readonly reply?: string | undefined;
  readonly data: Uint8Array;
  readonly headers?:
    | {
        readonly code: number;
        readonly description: string;
        has(name: string): boolean;
        get(name: string): string;
      }
    | undefined;
}

export class ReceivedMessage implements BusMessage {
  private readonly message: RawMessage;
  private readonly responder: Responder;

  constructor(message: RawMessage, responder: Responder) {
    this.message = message;
    this.responder = responder;
  }

  get subject(): string {
    return this.message.subject;
  }

  get reply(): string | undefined {
    const reply = this.message.reply;
    return reply === undefined || reply === '' ? undefined : reply;
  }

  /** The subject as it came; undefined when only its text is at hand. */
  get subjectBytes(): Uint8Array | undefined {
    const bytes = (this.message as UndecodedMessage)._msg?.subject;
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  /** As {@link subjectBytes}, of {@link reply}. */
  get replyBytes(): Uint8Array | undefined {
    const bytes = (this.message as UndecodedMessage)._msg?.reply;
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  get data(): Uint8Array {
    return this.message.data;
  }

  get hasHeaders(): boolean {
    return this.message.headers !== undefined;
  }

  header(name: string): string | undefined {
    const headers = this.message.headers;
    return headers?.has(name) === true ? headers.get(name) : undefined;
  }

  get status(): number {
    return this.message.headers?.code ?? 0;
  }

  get statusText(): string {
    return this.message.headers?.description ?? '';
  }

  respond(data: Uint8Array | string, headers?: Record<string, string>): void {
    const reply = this.reply;
    if (reply !== undefined) this.responder.publish(reply, data, { headers });
  }
}
