import type { Socket } from 'node:net';
import { CLOSE_CODES, toSeconds, wallClockUs, type CloseCodeName } from '@katbus/protocol';
import type { WebSocket } from 'ws';
import { type RawData } from 'ws';
import type { Delivery } from '../delivery/delivery.ts';
import type { DeliverySession } from '../delivery/delivery-session.ts';
import type { PortalLimits } from '../limits.ts';
import type { PortalMetrics } from '../metrics.ts';
import type { Answer, Caller, Dispatcher } from '../rpc/dispatcher.ts';
import type { AnswerTurns } from './answer-turns.ts';
import { Outbox } from './outbox.ts';
import { SocketWire } from './socket-wire.ts';

export interface SessionOptions {
  readonly websocket: WebSocket;
  readonly socket: Socket;
  readonly delivery: Delivery;
  readonly dispatcher: Dispatcher;
  readonly limits: PortalLimits;
  readonly metrics: PortalMetrics;
  /** Of all sessions of the portal. */
  readonly answerTurns: AnswerTurns;
  /** Nothing is sent to it any more. */
  readonly onEnded: (session: Session) => void;
}

/** `open`: it asks and is sent to; `ended`: it is closing or gone, and has given back what it held. */
type SessionState = 'open' | 'ended';

/** What ws says when it ends a connection for what the client sent, and the code that it closes with. */
const RECEIVER_CODES: Readonly<Record<string, CloseCodeName>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'frameTooBig',
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 'frameTooBig',
  WS_ERR_INVALID_UTF8: 'invalidUtf8',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'tooManyFragments',
};

/** One websocket of the native protocol: it joins the dispatcher, the delivery and the outbox. */
export class Session implements Caller {
  readonly session: DeliverySession;
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  #state: SessionState = 'open';
  #requestsUnderWay = 0;
  #malformedInARow = 0;
  /** When the ping was sent that is unanswered, by `performance.now()`. */
  #pingedAtMs: number | undefined;
  #nextPingAtMs: number;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { websocket, socket, delivery, limits, metrics, answerTurns } = options;
    this.#outbox = new Outbox({
      wire: new SocketWire(websocket, socket),
      limits,
      metrics,
      answerTurns,
      nowUs: wallClockUs,
      onAnswersWritten: () => websocket.resume(),
      onCannotKeepUp: () => this.close('cannotKeepUp'),
      onOverran: (fromUs) => {
        this.session.gap(toSeconds(fromUs), 'slowClient');
        this.session.refresh();
      },
    });
    this.session = delivery.open(this.#outbox);
    // Sessions that came at once are not pinged at once.
    this.#nextPingAtMs = performance.now() + limits.pingIntervalMs * (0.5 + Math.random() / 2);
    socket.on('drain', () => this.#outbox.pump());
    websocket.on('message', (data, isBinary) => this.#take(data, isBinary));
    websocket.on('pong', () => (this.#pingedAtMs = undefined));
    websocket.on('error', (error: Error & { code?: string }) => this.#failed(error));
    websocket.on('close', (code) => this.#end(code));
  }

  begin(): boolean {
    if (this.#requestsUnderWay >= this.#options.limits.requestsUnderWay) return false;
    this.#requestsUnderWay += 1;
    return true;
  }

  end(requests: number): void {
    this.#requestsUnderWay -= requests;
  }

  /** Ends the session from this side. The client has `closeTimeoutMs` to answer. */
  close(name: CloseCodeName): void {
    if (this.#state === 'ended') return;
    const { code, reason } = CLOSE_CODES[name];
    this.#end(code);
    this.#options.websocket.close(code, reason);
  }

  /** Cuts the connection, whatever is under way. */
  terminate(): void {
    this.#options.websocket.terminate();
  }

  /** To be called every now and then: finds clients that are dead or do not read, and sends pings. */
  check(nowMs: number): void {
    if (this.#state === 'ended') return;
    const { websocket, limits } = this.#options;
    if (this.#outbox.isStuck(nowMs)) {
      this.close('slowClient');
      return;
    }
    // While nothing is read from it, a pong cannot be seen: then the outbox tells whether it lives.
    if (websocket.isPaused) return;
    if (this.#pingedAtMs !== undefined) {
      if (nowMs - this.#pingedAtMs >= limits.pongTimeoutMs) this.close('deadClient');
    } else if (nowMs >= this.#nextPingAtMs) {
      this.#pingedAtMs = nowMs;
      this.#nextPingAtMs = nowMs + limits.pingIntervalMs;
      websocket.ping();
    }
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#state === 'ended') return;
    if (isBinary) {
      this.close('binaryFrame');
      return;
    }
    const { dispatcher, limits } = this.#options;
    const { isMalformed, answer } = dispatcher.handle(textOf(data), this);
    this.#malformedInARow = isMalformed ? this.#malformedInARow + 1 : 0;
    const isTooMany = this.#malformedInARow >= limits.malformedInARow;
    void answer.then((ready) => {
      if (ready !== undefined) this.#answer(ready);
      if (isTooMany) this.close('tooManyErrors');
    });
  }

  #answer({ text, onWritten }: Answer): void {
    if (this.#state === 'ended') {
      onWritten();
      return;
    }
    this.#outbox.answer(text, onWritten);
    if (this.#outbox.answersWait) this.#options.websocket.pause();
  }

  /** ws has found what breaks RFC 6455, and closes; or the socket failed. */
  #failed(error: Error & { code?: string }): void {
    const name =
      error.code?.startsWith('WS_ERR') === true ? (RECEIVER_CODES[error.code] ?? 'brokenFrame') : undefined;
    this.#end(name === undefined ? CONNECTION_LOST : CLOSE_CODES[name].code);
  }

  /** The one way out of `open`. */
  #end(code: number): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    const { delivery, metrics, onEnded, websocket } = this.#options;
    metrics.closes.inc({ code: String(code) });
    delivery.close(this.session);
    this.#outbox.close();
    // A paused socket would never see the other half of the closing handshake.
    if (websocket.isPaused) websocket.resume();
    onEnded(this);
  }
}

/** No close frame came (RFC 6455, section 7.1.5). */
const CONNECTION_LOST = 1006;

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString();
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data).toString();
}
