import { RESEND_HEADER, resendMark } from '@katbus/protocol';
import { readPublishAnswer } from './acknowledgement.ts';
import type { BusConnection } from './connection.ts';
import { Listeners } from '../listeners.ts';
import type { BusMessage } from './message.ts';
import { PublishingLane, type LaneBounds, type LaneCounters, type LaneEvent } from './publishing-lane.ts';

/** Which stream a message is for: samples on `sensor.archive` and attributes, or samples on `sensor.normal`. */
export type LaneName = 'archive' | 'normal';

export interface WindowOptions {
  /** Messages, and bytes, under way in each lane. */
  readonly window?: number;
  readonly windowBytes?: number;
  /** Silence after which a message counts as not taken, milliseconds. */
  readonly ackTimeoutMs?: number;
  readonly mostArchiveMessages?: number;
  readonly mostArchiveBytes?: number;
  readonly mostNormalMessages?: number;
  readonly mostNormalBytes?: number;
}

/** Archive samples of an outage of minutes are kept; normal ones of seconds, because nobody reads them later. */
export const WINDOW_DEFAULTS = {
  window: 4_096,
  windowBytes: 8 * 1024 ** 2,
  ackTimeoutMs: 5_000,
  mostArchiveMessages: 200_000,
  mostArchiveBytes: 64 * 1024 ** 2,
  mostNormalMessages: 20_000,
  mostNormalBytes: 8 * 1024 ** 2,
} as const satisfies Required<WindowOptions>;

/** A lane's event, with its lane; drops are told at most once a second, with their count. */
export type WindowEvent =
  | { readonly type: 'stalled'; readonly lane: LaneName; readonly reason: string }
  | { readonly type: 'flowing'; readonly lane: LaneName; readonly resent: number }
  | { readonly type: 'dropped'; readonly lane: LaneName; readonly reason: string; readonly count: number }
  | { readonly type: 'refused'; readonly lane: LaneName; readonly subject: string; readonly reason: string };

export type WindowCounters = Readonly<Record<LaneName, Readonly<LaneCounters & { pending: number }>>>;

interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
}

const DROP_REPORT_MS = 1_000;
/** A server that is merely slow answers within it; after that live values go on alone. */
const PATIENCE_MS = 10_000;

/**
 * Acknowledged publishing for a component: two lanes, one a stream, under one wildcard inbox.
 *
 * The client library's `publish` of JetStream costs a promise and a look-up for each message; here an answer finds its message
 * by a number in its subject. While both lanes flow they keep one order, because a sensor's samples go to both and are shown in the order in
 * which they arrive. A lane whose stream does not answer is left behind: LIVE at once, so that it never holds back an archive sample, ARCHIVE after 10 s. Nothing here throws for the network: what is not acknowledged is sent again, in order, and what the bounded
 * buffer cannot keep is counted and told.
 */
export class AcknowledgedWindow {
  /** Value of the resend header: each message keeps the one that held when it was published. */
  resendMark = resendMark(undefined);
  private readonly connection: BusConnection;
  private readonly lanes: Readonly<Record<LaneName, PublishingLane>>;
  private readonly inbox: string;
  private readonly halfWindow: number;
  private readonly listeners = new Listeners<WindowEvent>('the publishing window');
  private readonly undo: (() => void)[];
  private readonly drops: Record<LaneName, number> = { archive: 0, normal: 0 };
  private waiters: Waiter[] = [];
  private order = 0;
  /** `again`: one lane has made way for the other meanwhile. */
  private pumping: 'no' | 'once' | 'again' = 'no';
  private nowMs = performance.now();

  constructor(connection: BusConnection, options: WindowOptions = {}) {
    this.connection = connection;
    this.inbox = connection.newInbox();
    const { window, windowBytes, ackTimeoutMs, ...most } = { ...WINDOW_DEFAULTS, ...options };
    this.halfWindow = window / 2;
    const lane = (name: LaneName, bounds: Omit<LaneBounds, 'window' | 'windowBytes' | 'ackTimeoutMs'>) =>
      new PublishingLane(
        { window, windowBytes, ackTimeoutMs, ...bounds },
        {
          send: (subject, payload, reply, resend) => this.send(name, subject, payload, reply, resend),
          tell: (event) => this.laneTold(name, event),
          progressed: () => this.checkWaiters(),
          nextOrder: () => (this.order += 1),
          isItsTurn: (order) => order <= this.otherThan(name).nextOrder,
          gaveWay: () => this.pump(),
          nowMs: () => this.nowMs,
        },
      );
    this.lanes = {
      archive: lane('archive', {
        mostMessages: most.mostArchiveMessages,
        mostBytes: most.mostArchiveBytes,
        whileStalled: 'keep',
        patienceMs: PATIENCE_MS,
      }),
      normal: lane('normal', {
        mostMessages: most.mostNormalMessages,
        mostBytes: most.mostNormalBytes,
        whileStalled: 'send-plain',
        patienceMs: 0,
      }),
    };
    const tick = setInterval(() => this.tick(), Math.min(DROP_REPORT_MS, ackTimeoutMs / 5));
    this.undo = [
      connection.subscribe(`${this.inbox}.*.*.*`, (message) => this.answered(message)),
      connection.onStatus(({ type }) => {
        if (type === 'disconnected') this.eachLane((each) => each.disconnected());
        if (type === 'reconnected') this.eachLane((each) => each.reconnected());
      }),
      () => clearInterval(tick),
    ];
    if (!connection.connected) this.eachLane((each) => each.disconnected());
  }

  /**
   * Sends a message, or keeps it until it can be sent.
   * @param precious when the buffer is full, such a message goes last
   */
  publish(subject: string, payload: string, lane: LaneName, precious: boolean): void {
    this.lanes[lane].publish(subject, payload, subject.length + payload.length, precious, this.resendMark);
  }

  get counters(): WindowCounters {
    const { archive, normal } = this.lanes;
    return {
      archive: { ...archive.counters, pending: archive.pending },
      normal: { ...normal.counters, pending: normal.pending },
    };
  }

  /** @returns the undo */
  onEvent(listener: (event: WindowEvent) => void): () => void {
    return this.listeners.add(listener);
  }

  /** Resolves when all is acknowledged, refused or dropped, or when the time is over. @returns whether all was done in time */
  async flush(timeoutMs: number): Promise<boolean> {
    const isDone = () => this.lanes.archive.pending === 0 && this.lanes.normal.pending === 0;
    const deadlineMs = performance.now() + timeoutMs;
    const timer = setTimeout(() => this.checkWaiters(), timeoutMs + 1);
    await this.until(() => isDone() || performance.now() >= deadlineMs);
    clearTimeout(timer);
    return isDone();
  }

  /** Resolves when the archive lane has room for a few hundred messages beside the samples. */
  room(): Promise<void> {
    return this.until(() => this.lanes.archive.pending <= this.halfWindow);
  }

  /** Forgets what is pending. `flush` before it to keep that. */
  close(): void {
    for (const undo of this.undo.splice(0)) undo();
    this.eachLane((lane) => lane.close());
    this.checkWaiters();
  }

  private send(
    lane: LaneName,
    subject: string,
    payload: string,
    reply: string | undefined,
    resend: string | undefined,
  ): string | undefined {
    const to = reply === undefined ? undefined : `${this.inbox}.${lane}.${reply}`;
    try {
      if (to !== undefined && resend === undefined) this.connection.write(subject, to, payload);
      else {
        const headers = resend === undefined ? undefined : { [RESEND_HEADER]: resend };
        this.connection.publish(subject, payload, { reply: to, headers });
      }
      return undefined;
    } catch (error) {
      // Too large for this server, or a subject that NATS refuses: sending it again would not help.
      return (error as Error).message;
    }
  }

  private answered(message: BusMessage): void {
    const rest = message.subject.slice(this.inbox.length + 1);
    const dot = rest.indexOf('.');
    const lane = this.lanes[rest.slice(0, dot) as LaneName];
    lane.answered(rest.slice(dot + 1), readPublishAnswer(message));
  }

  private tick(): void {
    this.nowMs = performance.now();
    this.eachLane((lane) => lane.checkTimeout());
    for (const lane of ['archive', 'normal'] as const) {
      const count = this.drops[lane];
      if (count === 0) continue;
      this.drops[lane] = 0;
      this.listeners.tell({ type: 'dropped', lane, reason: 'the resend buffer is full', count });
    }
  }

  private laneTold(lane: LaneName, event: LaneEvent): void {
    if (event.type === 'dropped') this.drops[lane] += 1;
    else this.listeners.tell({ ...event, lane });
  }

  /** In a loop, for the two may give way to each other message by message. */
  private pump(): void {
    if (this.pumping !== 'no') {
      this.pumping = 'again';
      return;
    }
    do {
      this.pumping = 'once';
      this.eachLane((lane) => lane.pump());
    } while ((this.pumping as string) === 'again');
    this.pumping = 'no';
  }

  private otherThan(lane: LaneName): PublishingLane {
    return this.lanes[lane === 'archive' ? 'normal' : 'archive'];
  }

  private eachLane(act: (lane: PublishingLane) => void): void {
    act(this.lanes.archive);
    act(this.lanes.normal);
  }

  private until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ isMet, resolve }));
  }

  private checkWaiters(): void {
    if (this.waiters.length === 0) return;
    const met = this.waiters.filter(({ isMet }) => isMet());
    if (met.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => !met.includes(waiter));
    for (const { resolve } of met) resolve();
  }
}
