import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES } from '@katbus/protocol';
import { WebSocketServer as Handshakes, type ServerOptions, type WebSocket } from 'ws';
import type { Delivery } from '../delivery/delivery.ts';
import type { PortalLimits } from '../limits.ts';
import type { PortalMetrics } from '../metrics.ts';
import type { Dispatcher } from '../rpc/dispatcher.ts';
import { answerRaw } from '../http/raw-answer.ts';
import { REFUSALS, type RefusalName } from './refusal.ts';
import { AnswerTurns } from './answer-turns.ts';
import { isAllowedOrigin } from './origin.ts';
import { Session } from './session.ts';

export interface WebsocketServerOptions {
  readonly delivery: Delivery;
  readonly dispatcher: Dispatcher;
  readonly limits: PortalLimits;
  readonly metrics: PortalMetrics;
  /** Origins beside the portal's own. */
  readonly allowedOrigins: readonly string[];
}

export const WEBSOCKET_PATH = '/ws';
export const SUBPROTOCOL = 'katbus.1';

/** How often sessions are looked at; a bound is met at most this much late. */
const CHECK_MS = 1_000;

/** Takes websocket handshakes from an HTTP server, and holds the sessions. */
export class WebsocketServer {
  readonly #options: WebsocketServerOptions;
  readonly #handshakes: Handshakes;
  readonly #allowedOrigins: ReadonlySet<string>;
  readonly #sessions = new Set<Session>();
  /** Ended on this side, with the closing handshake under way. */
  readonly #closing = new Set<WebSocket>();
  readonly #answerTurns = new AnswerTurns();
  readonly #timer: NodeJS.Timeout;
  #state: 'running' | 'stopping' = 'running';

  constructor(options: WebsocketServerOptions) {
    this.#options = options;
    const { limits, metrics } = options;
    this.#allowedOrigins = new Set(options.allowedOrigins);
    this.#handshakes = new Handshakes({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.frameBytes,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
      closeTimeout: limits.closeTimeoutMs,
    } as ServerOptions);
    const { pongTimeoutMs, pingIntervalMs, stuckMs } = limits;
    const checkMs = Math.max(20, Math.min(CHECK_MS, pongTimeoutMs / 4, pingIntervalMs / 4, stuckMs / 4));
    this.#timer = setInterval(() => this.#check(), checkMs);
    metrics.gauge('sessions', 'Websockets that are open', () => this.#sessions.size);
  }

  /** For the HTTP server's event `upgrade`. */
  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      this.#options.metrics.refusedHandshakes.inc({ reason: refusal });
      answerRaw(socket, REFUSALS[refusal]);
      return;
    }
    this.#handshakes.handleUpgrade(request, socket, head, (websocket) =>
      this.#open(websocket, socket as Socket),
    );
  };

  /** Closes all sessions, with 1001, and resolves when they are gone. */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    clearInterval(this.#timer);
    for (const session of [...this.#sessions]) session.close('goingAway');
    const gone = [...this.#closing].map(
      (websocket) => new Promise<void>((resolve) => websocket.once('close', () => resolve())),
    );
    await Promise.all(gone);
  }

  #refusalOf({ url, headers }: IncomingMessage): RefusalName | undefined {
    if (this.#state === 'stopping') return 'stopping';
    if (url?.split('?', 1)[0] !== WEBSOCKET_PATH) return 'notFound';
    return isAllowedOrigin(headers.origin, headers.host, this.#allowedOrigins) ? undefined : 'forbidden';
  }

  #open(websocket: WebSocket, socket: Socket): void {
    this.#closing.add(websocket);
    websocket.once('close', () => this.#closing.delete(websocket));
    const { delivery, dispatcher, limits, metrics } = this.#options;
    if (this.#sessions.size >= limits.sessions) {
      const { code, reason } = CLOSE_CODES.tooManySessions;
      metrics.closes.inc({ code: String(code) });
      // Nobody listens to what it sends meanwhile.
      websocket.on('error', () => undefined);
      websocket.close(code, reason);
      return;
    }
    const onEnded = (ended: Session) => this.#sessions.delete(ended);
    const answerTurns = this.#answerTurns;
    this.#sessions.add(
      new Session({ websocket, socket, delivery, dispatcher, limits, metrics, answerTurns, onEnded }),
    );
  }

  #check(): void {
    const nowMs = performance.now();
    for (const session of this.#sessions) session.check(nowMs);
  }
}
