import { mayComeBack } from '@katbus/protocol';
import { backoffMs } from './backoff.ts';
import { ABNORMAL_CLOSE, type Disconnect, type Line } from './dial.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ResolvedOptions } from './options.ts';

type Timer = ReturnType<typeof setTimeout>;

/** Each member owns what must be released when it is left. */
export type ConnectionState =
  | { readonly name: 'connecting'; readonly failures: number; readonly line: Line; readonly timeout: Timer }
  | {
      readonly name: 'open';
      readonly failures: number;
      readonly line: Line;
      readonly heartbeat: Heartbeat;
      readonly sinceMs: number;
    }
  | {
      readonly name: 'waiting';
      readonly failures: number;
      readonly retry: Timer;
      readonly delayMs: number;
      readonly disconnect: Disconnect;
    }
  | { readonly name: 'closed'; readonly disconnect: Disconnect };

export interface ConnectionEvents {
  onState(state: ConnectionState): void;
  onOpen(): void;
  onFrame(data: unknown): void;
  /** An open connection ended, or the whole connection was closed. */
  onLost(disconnect: Disconnect): void;
  /** Nothing came for a while: ask for a sign of life. */
  onQuiet(): void;
}

/** One standing connection to the portal: dials, and dials again until it is closed or the portal says not to come back. */
export class Connection {
  readonly #options: ResolvedOptions;
  readonly #events: ConnectionEvents;
  #state: ConnectionState;

  constructor(options: ResolvedOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#state = this.#dialling(0);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** @returns false when there is no open connection to send on */
  send(text: string): boolean {
    if (this.#state.name !== 'open') return false;
    this.#state.line.send(text);
    return true;
  }

  /** Cuts the waiting short: the network is back, the page is looked at again, someone pressed a button. */
  dialNow(): void {
    if (this.#state.name === 'waiting') this.#enter(this.#dialling(this.#state.failures));
  }

  close(disconnect: Disconnect): void {
    if (this.#state.name !== 'closed') this.#enter({ name: 'closed', disconnect });
  }

  /** The only place where the state changes. What the old one owned and the new one does not take over is released here. */
  #enter(next: ConnectionState): void {
    const left = this.#state;
    this.#state = next;
    if (left.name === 'waiting') clearTimeout(left.retry);
    if (left.name === 'connecting') clearTimeout(left.timeout);
    if (left.name === 'open') left.heartbeat.stop();
    const lineStays = 'line' in left && 'line' in next && left.line === next.line;
    if ('line' in left && !lineStays) left.line.cut();
    if (next.name === 'open') this.#events.onOpen();
    else if ('disconnect' in next && (left.name === 'open' || next.name === 'closed')) {
      this.#events.onLost(next.disconnect);
    }
    // Last, and not when a listener above has already moved on: whoever listens may close or dial in turn.
    if (this.#state === next) this.#events.onState(next);
  }

  #dialling(failures: number): ConnectionState {
    const line = this.#options.dial(this.#options.url, {
      onOpen: () => this.#opened(line),
      onFrame: (data) => this.#frame(data),
      onClosed: (disconnect) => this.#ended(disconnect),
    });
    const { dialTimeoutMs } = this.#options;
    const timeout = setTimeout(
      () => this.#ended({ code: ABNORMAL_CLOSE, reason: `no connection within ${dialTimeoutMs} ms` }),
      dialTimeoutMs,
    );
    return { name: 'connecting', failures, line, timeout };
  }

  #opened(line: Line): void {
    if (this.#state.name !== 'connecting') return;
    const heartbeat = new Heartbeat(
      this.#options,
      () => this.#events.onQuiet(),
      () => this.#ended({ code: ABNORMAL_CLOSE, reason: 'the portal gave no sign of life' }),
    );
    this.#enter({
      name: 'open',
      failures: this.#state.failures,
      line,
      heartbeat,
      sinceMs: performance.now(),
    });
  }

  #frame(data: unknown): void {
    if (this.#state.name !== 'open') return;
    this.#state.heartbeat.heard();
    this.#events.onFrame(data);
  }

  #ended(disconnect: Disconnect): void {
    const left = this.#state;
    if (left.name !== 'connecting' && left.name !== 'open') return;
    if (!mayComeBack(disconnect.code)) {
      this.#enter({ name: 'closed', disconnect });
      return;
    }
    // A portal that accepts and at once closes must not be dialled in a tight loop: only a connection that lasted counts as a good one.
    const wasGood = left.name === 'open' && performance.now() - left.sinceMs >= this.#options.settledMs;
    const failures = wasGood ? 0 : left.failures;
    const delayMs = backoffMs(failures, this.#options);
    const retry = setTimeout(() => this.dialNow(), delayMs);
    this.#enter({ name: 'waiting', failures: failures + 1, retry, delayMs, disconnect });
  }
}
