import type { PublishAnswer } from './acknowledgement.ts';
import { EntryRing } from './entry-ring.ts';

/** Bounds of one lane. */
export interface LaneBounds {
  /** Messages that may be under way, sent and not acknowledged. */
  readonly window: number;
  /** Messages and bytes that may wait or be under way; past either, samples are dropped and counted. */
  readonly mostMessages: number;
  readonly mostBytes: number;
  /** Silence after which what is under way counts as not taken. */
  readonly ackTimeoutMs: number;
  /** What to do with new messages while the stream does not acknowledge: keep them, or send them without asking for an answer. */
  readonly whileStalled: 'keep' | 'send-plain';
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
   * @param replyNumber undefined: no answer is wanted
   * @returns why it can never be sent, or undefined when it was
   */
  send(
    subject: string,
    payload: string,
    replyNumber: string | undefined,
    resend: boolean,
  ): string | undefined;
  tell(event: LaneEvent): void;
  /** A message is done. */
  progressed(): void;
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
  sentAtMs: number;
  /** The round in which it was last sent; 0: never. */
  sentRound: number;
  done: boolean;
}

/**
 * - `flowing`: new messages go out as the window allows.
 * - `stalled`: the stream did not take something. Its oldest unacknowledged message is sent again, with growing pauses, until it
 *   is acknowledged; then all the others that were under way, in order; then what is new.
 * - `disconnected`: nothing goes out.
 */
type LaneState =
  | { readonly name: 'flowing' }
  | { readonly name: 'stalled'; readonly retry: NodeJS.Timeout; readonly pauseMs: number }
  | { readonly name: 'disconnected' }
  | { readonly name: 'closed' };

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Acknowledged publishing into one stream, in order, without a promise a message.
 *
 * Every message keeps its number until it is acknowledged, refused or dropped. A message that does not go out at once, or goes
 * out again, is marked as a resend: it may then arrive after newer messages of its sensor on the other lane, and whoever shows
 * live values can tell.
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
  private readonly entries = new EntryRing<Entry>();
  private readonly bounds: LaneBounds;
  private readonly outlet: LaneOutlet;
  private state: LaneState = { name: 'flowing' };
  /** Number of the first entry that was never sent. */
  private next = 0;
  private inFlight = 0;
  private bytes = 0;
  private kept = 0;
  /** No entry before this number may be dropped before a precious one. */
  private dropFrom = 0;
  /** Distinguishes the rounds of sending: a late error of an earlier round must not stall the next. */
  private round = 1;

  constructor(bounds: LaneBounds, outlet: LaneOutlet) {
    this.bounds = bounds;
    this.outlet = outlet;
  }

  /** Messages that are not acknowledged yet. */
  get pending(): number {
    return this.kept;
  }

  /** @param precious such a message is dropped only when nothing else is left to drop */
  publish(subject: string, payload: string, bytes: number, precious: boolean): void {
    if (this.state.name === 'closed') return;
    this.counters.published += 1;
    if (this.state.name === 'stalled' && this.bounds.whileStalled === 'send-plain') {
      this.counters.plain += 1;
      this.outlet.send(subject, payload, undefined, false);
      return;
    }
    const number = this.entries.push({
      subject,
      payload,
      bytes,
      precious,
      sentAtMs: 0,
      sentRound: 0,
      done: false,
    });
    this.kept += 1;
    this.bytes += bytes;
    if (this.state.name === 'flowing' && this.next === number && this.inFlight < this.bounds.window) {
      this.next += 1;
      this.sendEntry(number, false);
    }
    this.makeRoom();
  }

  /** An answer has come for a message of this lane. @param reply what stood behind the lane's inbox: `<round>.<number>` */
  answered(reply: string, answer: PublishAnswer): void {
    const dot = reply.indexOf('.');
    const number = Number(reply.slice(dot + 1));
    const entry = this.entries.get(number);
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
    }
    if (this.state.name === 'stalled') this.resume();
    else this.pump();
  }

  /** Looks whether the oldest message under way has waited too long. To be called every now and then. */
  checkTimeout(): void {
    if (this.state.name !== 'flowing') return;
    const oldest = this.entries.get(this.entries.first);
    if (oldest === undefined || this.entries.first >= this.next) return;
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
    this.entries.clear();
    this.kept = 0;
  }

  private beginRound(): void {
    this.round += 1;
    this.inFlight = 0;
  }

  private become(state: LaneState): void {
    if (this.state.name === 'stalled') clearTimeout(this.state.retry);
    this.state = state;
  }

  private stall(reason: string): void {
    if (this.state.name === 'closed' || this.state.name === 'disconnected') return;
    const first = this.state.name === 'flowing';
    const pauseMs = first
      ? FIRST_PAUSE_MS
      : Math.min((this.state as { pauseMs: number }).pauseMs * 2, LONGEST_PAUSE_MS);
    this.beginRound();
    const retry = setTimeout(() => this.probe(), pauseMs);
    this.become({ name: 'stalled', retry, pauseMs });
    if (first) this.outlet.tell({ type: 'stalled', reason });
  }

  /** Sends the oldest message again; its answer, or its silence, decides how to go on. */
  private probe(): void {
    if (this.state.name !== 'stalled') return;
    this.skipDone();
    if (this.entries.first >= this.next) {
      this.resume();
      return;
    }
    this.sendEntry(this.entries.first, true);
    const { pauseMs } = this.state;
    const retry = setTimeout(() => this.stall('no answer'), this.bounds.ackTimeoutMs);
    this.become({ name: 'stalled', retry, pauseMs });
  }

  /** Sends again, in order, all that was under way, and only then what is new. */
  private resume(): void {
    this.beginRound();
    this.become({ name: 'flowing' });
    const before = this.counters.resent;
    for (let number = this.entries.first; number < this.next; number += 1) {
      if (this.entries.get(number)?.done === false) this.sendEntry(number, true);
    }
    this.outlet.tell({ type: 'flowing', resent: this.counters.resent - before });
    this.pump();
  }

  /** Sends what waits, as far as the window allows. */
  private pump(): void {
    while (
      this.state.name === 'flowing' &&
      this.next < this.entries.end &&
      this.inFlight < this.bounds.window
    ) {
      const number = this.next;
      this.next += 1;
      // It was held back, so a newer message of its sensor may have gone out on the other lane.
      if (this.entries.get(number)?.done === false) this.sendEntry(number, true, false);
    }
  }

  private sendEntry(number: number, resend: boolean, counted = resend): void {
    const entry = this.entries.get(number);
    if (entry === undefined) return;
    if (counted) this.counters.resent += 1;
    this.inFlight += 1;
    entry.sentAtMs = this.outlet.nowMs();
    entry.sentRound = this.round;
    const fault = this.outlet.send(entry.subject, entry.payload, `${this.round}.${number}`, resend);
    if (fault !== undefined) this.refuse(entry, fault);
  }

  private refuse(entry: Entry, reason: string): void {
    this.counters.refused += 1;
    this.finish(entry);
    this.outlet.tell({ type: 'refused', subject: entry.subject, reason });
  }

  private finish(entry: Entry): void {
    entry.done = true;
    entry.payload = '';
    this.bytes -= entry.bytes;
    this.kept -= 1;
    if (entry.sentRound === this.round) this.inFlight -= 1;
    this.skipDone();
    this.outlet.progressed();
  }

  private skipDone(): void {
    while (this.entries.get(this.entries.first)?.done === true) this.entries.shift();
    this.next = Math.max(this.next, this.entries.first);
  }

  /** Drops the oldest messages until the bounds hold: first those that are not precious. */
  private makeRoom(): void {
    while (this.kept > this.bounds.mostMessages || this.bytes > this.bounds.mostBytes) {
      const victim = this.oldestToDrop();
      if (victim === undefined) return;
      this.counters.dropped += 1;
      this.outlet.tell({ type: 'dropped', subject: victim.subject });
      this.finish(victim);
    }
  }

  private oldestToDrop(): Entry | undefined {
    // What is under way has probably been taken: to drop it would be a count and no relief.
    this.dropFrom = Math.max(this.dropFrom, this.state.name === 'flowing' ? this.next : this.entries.first);
    for (; this.dropFrom < this.entries.end; this.dropFrom += 1) {
      const entry = this.entries.get(this.dropFrom);
      if (entry !== undefined && !entry.done && !entry.precious) return entry;
    }
    // Nothing but changes of status is left.
    this.skipDone();
    return this.entries.get(this.entries.first);
  }
}
