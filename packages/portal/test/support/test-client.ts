import { once } from 'node:events';
import type {
  PortalMethod,
  PortalMethods,
  PortalNotification,
  PortalNotifications,
  RpcErrorObject,
} from '@katbus/protocol';
import { WebSocket, type ClientOptions } from 'ws';
import { waitFor } from '../../../../test/support/wait-for.ts';

/** A notification as it came, with its place among everything that came. */
export type Received = {
  [Name in PortalNotification]: { readonly method: Name; readonly params: PortalNotifications[Name] };
}[PortalNotification] & { readonly place: number };

interface RpcAnswer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: RpcErrorObject;
}

/** The portal answered with an error. */
export class AnsweredError extends Error {
  readonly code: number;
  readonly field: string | undefined;

  constructor({ code, message, data }: RpcErrorObject) {
    super(message);
    this.code = code;
    this.field = data?.field;
  }
}

/** A client of the native protocol that keeps everything that it gets, in order. */
export class TestClient {
  readonly websocket: WebSocket;
  readonly notifications: Received[] = [];
  /** Answers to requests that were sent as text. */
  readonly answers: unknown[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Called with each notification when it comes. */
  onNotification: ((notification: Received) => void) | undefined;
  readonly #waiting = new Map<unknown, PromiseWithResolvers<{ result: unknown; place: number }>>();
  #lastId = 0;
  #place = 0;

  private constructor(websocket: WebSocket) {
    this.websocket = websocket;
    websocket.on('message', (data) => this.#take(JSON.parse((data as Buffer).toString()) as object));
    this.closed = once(websocket, 'close').then(([code, reason]) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`closed with ${String(code)}`));
      return { code: code as number, reason: String(reason) };
    });
    websocket.on('error', () => undefined);
  }

  static async connect(url: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = new TestClient(new WebSocket(url, options));
    await once(client.websocket, 'open');
    return client;
  }

  send(text: string): void {
    this.websocket.send(text);
  }

  async request<Name extends PortalMethod>(
    method: Name,
    params: PortalMethods[Name]['params'],
  ): Promise<PortalMethods[Name]['result']> {
    return (await this.requestWithPlace(method, params)).result;
  }

  /** @returns also how many messages came before the answer */
  async requestWithPlace<Name extends PortalMethod>(
    method: Name,
    params: PortalMethods[Name]['params'],
  ): Promise<{ result: PortalMethods[Name]['result']; place: number }> {
    this.#lastId += 1;
    const waiting = Promise.withResolvers<{ result: unknown; place: number }>();
    // Unlike any id that a test gives itself.
    const id = `request ${this.#lastId}`;
    this.#waiting.set(id, waiting);
    this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return (await waiting.promise) as { result: PortalMethods[Name]['result']; place: number };
  }

  /** The notifications of one method so far. */
  of<Name extends PortalNotification>(method: Name): PortalNotifications[Name][] {
    return this.notifications
      .filter((notification) => notification.method === method)
      .map(({ params }) => params as PortalNotifications[Name]);
  }

  /** Waits until the notifications of one method are as wanted. */
  async until<Name extends PortalNotification>(
    method: Name,
    condition: (all: PortalNotifications[Name][]) => boolean,
    what: string,
    timeoutMs?: number,
  ): Promise<PortalNotifications[Name][]> {
    return waitFor(() => (condition(this.of(method)) ? this.of(method) : undefined), { what, timeoutMs });
  }

  /** Sends a frame as it is and waits for the next answer that belongs to no request of this class. */
  async ask(text: string): Promise<unknown> {
    const count = this.answers.length;
    this.send(text);
    return waitFor(() => this.answers.at(count), { what: `an answer to ${text.slice(0, 100)}` });
  }

  /** Resolves when everything that the portal had sent before has come. */
  async sync(): Promise<void> {
    await this.request('info', {});
  }

  async close(): Promise<void> {
    this.websocket.close();
    await this.closed;
  }

  #take(document: object): void {
    this.#place += 1;
    if ('method' in document) {
      const notification = { ...document, place: this.#place } as Received;
      this.notifications.push(notification);
      this.onNotification?.(notification);
      return;
    }
    const { id, result, error } = document as RpcAnswer;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      this.answers.push(document);
      return;
    }
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve({ result, place: this.#place });
    else waiting.reject(new AnsweredError(error));
  }
}
