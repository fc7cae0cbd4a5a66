import type { PublishAnswer } from './acknowledgement.ts';
import { EntryRing } from './entry-ring.ts';
import { WaitingQueue } from './waiting-queue.ts';

/** Bounds of one lane. */
export interface LaneBounds {
  /** Messages and bytes that may be under way, sent and not acknowledged. */
  readonly window: number;
  readonly windowBytes: number;
  /** Messages and bytes that may wait or be under way; past either, waiting samples are dropped and counted. */
  readonly mostMessages: number;
  readonly mostBytes: number;
  /** Silence after which what is under way counts as not taken. */
  readonly ackTimeoutMs: number;
  /** What to do with new messages while the stream does not acknowledge: keep them, or send them without asking for an answer. */
  readonly whileStalled: 'keep' | 'send-plain';
  /** For so long after its stream stopped to acknowledge, the other lane still waits for what is older here. */
  readonly patienceMs: number;
}

export interface LaneCounters {
  /** Messages that were given to the lane. */
  published: number;
  acknowledged: number;
  /** Sent once more. */
  resent: number;
  /** Sent without asking for an acknowledgement, because the stream did not give any. */
  plain: number;
  /** Given up because the buffer was full. */
  dropped: number;
  /** Refused by the stream for good. */
  refused: number;
}

/** What a lane needs of its window. */
export interface LaneOutlet {
  /**
   * @param reply undefined: no answer is wanted
   * @param resend the mark of a message that is sent again, or late; undefined: it goes out at once, for the first time
   * @returns why it can never be sent, or undefined when it was
   */
  send(
    subject: string,
    payload: string,
    reply: string | undefined,
    resend: string | undefined,
  ): string | undefined;
  tell(event: LaneEvent): void;
  /** A message is done. */
  progressed(): void;
  /** The number of the next message among those of all lanes. */
  nextOrder(): number;
  /** Whether nothing older waits in another lane that will go out. */
  isItsTurn(order: number): boolean;
  /** Something that waited goes out, or will not for now: others may have their turn. */
  gaveWay(): void;
  nowMs(): number;
}

export type LaneEvent =
  /** The stream does not acknowledge; the reason is the stream's or `no answer`. */
  | { readonly type: 'stalled'; readonly reason: string }
  | { readonly type: 'flowing'; readonly resent: number }
  | { readonly type: 'dropped'; readonly subject: string }
  | { readonly type: 'refused'; readonly subject: string; readonly reason: string };

interface Entry {
  readonly subject: string;
  /** Empty once the entry is done: what it holds is freed at once, its number when those before it are done. */
  payload: string;
  readonly bytes: number;
  readonly precious: boolean;
  readonly order: number;
  /** What it carries when it is sent again. */
  readonly mark: string;
  sentAtMs: number;
  done: boolean;
}

/**
 * - `flowing`: new messages go out as the window allows.
 * - `stalled`: the stream did not take something. Its oldest unacknowledged message is sent again, with growing pauses, until
 *   something is acknowledged.
 * - `settling`: acknowledgements come again, some perhaps of messages that were given up too early. When they pause, all that is still
 *   unacknowledged is sent again, in order; then what is new. Sending it all again at the first one would double the load of a
 *   server that is merely slow, and so make it slower.
 * - `disconnected`: nothing goes out.
 */
type LaneState =
  | { readonly name: 'flowing' }
  | { readonly name: 'stalled'; readonly timer: NodeJS.Timeout; readonly pauseMs: number }
  | { readonly name: 'settling'; readonly timer: NodeJS.Timeout }
  | { readonly name: 'disconnected' }
  | { readonly name: 'closed' };

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const SETTLING_MS = 20;

/**
 * Acknowledged publishing into one stream, in order, without a promise a message.
 *
 * What waits goes out in the order in which it was published, that of the other lane with it, as long as both flow: a sensor's samples go to both. A
 * message that does not go out at once, or goes out again, is marked as a resend: it may then arrive after newer messages of its
 * sensor on the other lane, and whoever shows live values can tell. What is under way is numbered and never dropped: it is bounded by
 * the window, and has probably been taken. `published` is at any time the sum of the other counters but `resent`, and what is pending.
 */
export class PublishingLane {
  readonly counters: LaneCounters = {
    published: 0,
    acknowledged: 0,
    resent: 0,
    plain: 0,
    dropped: 0,
    refused: 0,
  };
  /** Sent and not done, in the order of their first sending, with holes where later ones are done before earlier ones. */
  private readonly underWay = new EntryRing<Entry>();
  private readonly waiting = new WaitingQueue<Entry>();
  private readonly bounds: LaneBounds;
  private readonly outlet: LaneOutlet;
  private state: LaneState = { name: 'flowing' };
  private stalledAtMs = -Infinity;
  private underWayCount = 0;
  private underWayBytes = 0;
  /** Distinguishes the rounds of sending: a late error of an earlier round must not stall the next. */
  private round = 1;

  constructor(bounds: LaneBounds, outlet: LaneOutlet) {
    this.bounds = bounds;
    this.outlet = outlet;
  }

  /** Messages that are not acknowledged yet. */
  get pending(): number {
    return this.underWayCount + this.waiting.length;
  }

  /** Of the messages that wait, and are likely to go out soon; Infinity when there are none. */
  get nextOrder(): number {
    const { name } = this.state;
    const isPatient =
      (name === 'stalled' || name === 'settling') &&
      this.outlet.nowMs() - this.stalledAtMs < this.bounds.patienceMs;
    return name === 'flowing' || isPatient ? this.waiting.nextOrder : Infinity;
  }

  /**
   * @param precious such a message is dropped only when nothing else waits
   * @param mark what it carries when it is sent again or late
   */
  publish(subject: string, payload: string, bytes: number, precious: boolean, mark: string): void {
    if (this.state.name === 'closed') return;
    this.counters.published += 1;
    if (this.state.name === 'stalled' && this.bounds.whileStalled === 'send-plain') {
      this.sendPlain(subject, payload);
      return;
    }
    const order = this.outlet.nextOrder();
    const entry: Entry = { subject, payload, bytes, precious, order, mark, sentAtMs: 0, done: false };
    if (
      this.state.name === 'flowing' &&
      this.waiting.length === 0 &&
      this.hasRoomUnderWay() &&
      this.outlet.isItsTurn(order)
    ) {
      this.sendFirst(entry, false);
      return;
    }
    this.waiting.push(entry);
    this.makeRoom();
  }

  /** An answer has come for a message of this lane. @param reply what stood behind the lane's inbox: `<round>.<number>` */
  answered(reply: string, answer: PublishAnswer): void {
    const dot = reply.indexOf('.');
    const entry = this.underWay.get(Number(reply.slice(dot + 1)));
    if (entry === undefined || entry.done) return;
    switch (answer.type) {
      case 'stored':
        this.counters.acknowledged += 1;
        this.finish(entry);
        break;
      case 'refused':
        this.refuse(entry, answer.reason);
        break;
      case 'unavailable':
        if (Number(reply.slice(0, dot)) === this.round) this.stall(answer.reason);
        return;
      case 'ignored':
        return;
    }
    if (this.state.name === 'flowing') this.pump();
    else if (this.state.name === 'stalled') this.settle(this.underWayCount);
  }

  /** Looks whether the oldest message under way has waited too long. To be called every now and then. */
  checkTimeout(): void {
    if (this.state.name !== 'flowing') return;
    const oldest = this.underWay.get(this.underWay.first);
    if (oldest === undefined) return;
    if (this.outlet.nowMs() - oldest.sentAtMs > this.bounds.ackTimeoutMs) this.stall('no answer');
  }

  disconnected(): void {
    if (this.state.name !== 'closed') this.become({ name: 'disconnected' });
  }

  reconnected(): void {
    if (this.state.name === 'disconnected') this.resume();
  }

  close(): void {
    this.become({ name: 'closed' });
    this.underWay.clear();
    this.waiting.clear();
    this.underWayCount = 0;
  }

  private become(state: LaneState): void {
    if (this.state.name === 'stalled' || this.state.name === 'settling') clearTimeout(this.state.timer);
    this.state = state;
    if (state.name === 'stalled') this.outlet.gaveWay();
  }

  private stall(reason: string): void {
    if (this.state.name !== 'flowing' && this.state.name !== 'stalled') return;
    const isFirst = this.state.name === 'flowing';
    const pauseMs =
      this.state.name === 'flowing' ? FIRST_PAUSE_MS : Math.min(this.state.pauseMs * 2, LONGEST_PAUSE_MS);
    this.round += 1;
    if (isFirst) this.stalledAtMs = this.outlet.nowMs();
    const timer = setTimeout(() => this.probe(), pauseMs);
    this.become({ name: 'stalled', timer, pauseMs });
    if (isFirst) this.outlet.tell({ type: 'stalled', reason });
  }

  /** Sends the oldest message again; its answer, or its silence, decides how to go on. */
  private probe(): void {
    if (this.state.name !== 'stalled') return;
    const { pauseMs } = this.state;
    const timer = setTimeout(() => this.stall('no answer'), this.bounds.ackTimeoutMs);
    this.become({ name: 'stalled', timer, pauseMs });
    if (this.underWayCount === 0) this.resume();
    else this.sendEntry(this.underWay.first, true);
  }

  private settle(underWayBefore: number): void {
    const timer = setTimeout(() => {
      if (this.underWayCount < underWayBefore) this.settle(this.underWayCount);
      else this.resume();
    }, SETTLING_MS);
    this.become({ name: 'settling', timer });
  }

  /** Sends again, in order, all that was under way, and only then what is new. */
  private resume(): void {
    this.round += 1;
    this.become({ name: 'flowing' });
    const before = this.counters.resent;
    for (let number = this.underWay.first; number < this.underWay.end; number += 1) {
      if (this.underWay.get(number)?.done === false) this.sendEntry(number, true);
    }
    this.outlet.tell({ type: 'flowing', resent: this.counters.resent - before });
    this.pump();
  }

  /** Sends what waits, as far as the window allows and it is its turn. */
  pump(): void {
    let sent = 0;
    while (this.state.name === 'flowing' && this.hasRoomUnderWay()) {
      const { nextOrder } = this.waiting;
      if (nextOrder === Infinity || !this.outlet.isItsTurn(nextOrder)) break;
      // It was held back: while the other lane flowed alone, a newer message of its sensor may have gone out there.
      this.sendFirst(this.waiting.shift()!, true);
      sent += 1;
    }
    if (sent > 0) this.outlet.gaveWay();
  }

  private hasRoomUnderWay(): boolean {
    return this.underWay.length < this.bounds.window && this.underWayBytes < this.bounds.windowBytes;
  }

  private sendFirst(entry: Entry, resend: boolean): void {
    this.underWayCount += 1;
    this.underWayBytes += entry.bytes;
    const number = this.underWay.push(entry);
    this.send(entry, number, resend);
  }

  private sendEntry(number: number, resend: boolean): void {
    const entry = this.underWay.get(number);
    if (entry === undefined) return;
    this.counters.resent += 1;
    this.send(entry, number, resend);
  }

  private send(entry: Entry, number: number, resend: boolean): void {
    entry.sentAtMs = this.outlet.nowMs();
    const fault = this.outlet.send(
      entry.subject,
      entry.payload,
      `${this.round}.${number}`,
      resend ? entry.mark : undefined,
    );
    if (fault !== undefined) this.refuse(entry, fault);
  }

  private sendPlain(subject: string, payload: string): void {
    const fault = this.outlet.send(subject, payload, undefined, undefined);
    if (fault === undefined) this.counters.plain += 1;
    else this.tellRefused(subject, fault);
  }

  private refuse(entry: Entry, reason: string): void {
    this.finish(entry);
    this.tellRefused(entry.subject, reason);
  }

  private tellRefused(subject: string, reason: string): void {
    this.counters.refused += 1;
    this.outlet.tell({ type: 'refused', subject, reason });
  }

  private finish(entry: Entry): void {
    entry.done = true;
    entry.payload = '';
    this.underWayCount -= 1;
    this.underWayBytes -= entry.bytes;
    this.skipDone();
    this.outlet.progressed();
  }

  private skipDone(): void {
    while (this.underWay.get(this.underWay.first)?.done === true) this.underWay.shift();
  }

  /** Drops waiting messages until the bounds hold. */
  private makeRoom(): void {
    const { mostMessages, mostBytes } = this.bounds;
    while (this.pending > mostMessages || this.underWayBytes + this.waiting.bytes > mostBytes) {
      const dropped = this.waiting.drop();
      if (dropped === undefined) return;
      this.counters.dropped += 1;
      this.outlet.tell({ type: 'dropped', subject: dropped.subject });
      this.outlet.progressed();
      this.outlet.gaveWay();
    }
  }
}
