import type { GapNotification } from '@katbus/protocol';
import type { Publication } from '../delivery/publication.ts';
import type { Manner } from '../delivery/receiver.ts';
import type { SnapshotPages } from '../delivery/snapshot-pages.ts';
import type { PortalLimits } from '../limits.ts';
import type { PortalMetrics } from '../metrics.ts';
import type { AnswerText } from '../rpc/json-text.ts';
import type { AnswerTurns } from './answer-turns.ts';
import { gapFrame, nativeEncoding, pageFrame, sensorAddedFrame } from './native-encoding.ts';
import { OutgoingAnswer } from './outgoing-answer.ts';

/** What is asked of a socket. */
export interface Wire {
  /** Bytes that were written and not yet taken by the network. */
  readonly writableLength: number;
  /** Bytes that the network has taken, ever. */
  readonly takenBytes: number;
  /** What is written within one turn of the loop should go to the network together. */
  write(frame: Buffer): void;
}

export interface OutboxOptions {
  readonly wire: Wire;
  readonly limits: Pick<PortalLimits, 'outboxBytes' | 'heldSensors' | 'allBytes' | 'stuckMs'>;
  readonly metrics: Pick<PortalMetrics, 'hot'>;
  readonly answerTurns: AnswerTurns;
  /** Samples had to be dropped between two times (microseconds), and everything that waited has now been written. */
  readonly onOverran: (fromUs: number) => void;
  /** More waits than may of what must not be dropped. */
  readonly onCannotKeepUp: () => void;
  /** No answer waits any more. */
  readonly onAnswersWritten: () => void;
  /** Microseconds since 1970. */
  readonly nowUs: () => number;
}

/** What waits, in order: a live message, a snapshot in pages, or a notice. */
type Waiting = WaitingMessage | { readonly pages: SnapshotPages } | { readonly frame: Buffer };

interface WaitingMessage {
  publication: Publication;
  manner: Manner;
  skipped: number;
  /** Bytes that it takes of `outboxBytes`, or of `allBytes` when it is whole; 0 when newer messages take its place instead. */
  readonly bytes: number;
}

/**
 * Everything on its way to one session. While the client reads, messages go straight to the socket. When it does not, what waits here is
 * bounded: `outboxBytes` in order, then the newest message of each of `heldSensors` keys, then nothing. What must come whole waits in order up to
 * `allBytes`. Answers go before all of it.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #answers: OutgoingAnswer[] = [];
  #queue: Waiting[] = [];
  /** Messages in the queue that newer ones of their key replace. */
  readonly #held = new Map<string, WaitingMessage>();
  #queuedBytes = 0;
  #wholeBytes = 0;
  #heldCount = 0;
  #overranFromUs: number | undefined;
  #isPumping = false;
  /** Whether a turn for the next piece of an answer is on its way. */
  #hasAsked = false;
  /** When the network last took something, or nothing waited: by `performance.now()`. */
  #takenAtMs = performance.now();
  #takenBytes = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#queue.length > 0 || this.#answers.length > 0;
  }

  get answersWait(): boolean {
    return this.#answers.length > 0;
  }

  /**
   * @param text one in pieces is written as the network takes it, in turns
   * @param onWritten called when the socket has it: what the answer announces may follow
   */
  answer(text: AnswerText, onWritten: () => void): void {
    const answer = new OutgoingAnswer(text, onWritten);
    if (this.#answers.length === 0 && this.#isDone(answer)) onWritten();
    else {
      this.#answers.push(answer);
      this.#goOn(answer);
    }
  }

  publish(publication: Publication, manner: Manner, skipped = 0): void {
    const { wire, metrics } = this.#options;
    metrics.hot.deliveries_total += 1;
    if (!this.isWaiting && this.#hasRoom()) {
      if (manner.isFirst === true) wire.write(sensorAddedFrame(publication));
      wire.write(frameOf(publication, manner, skipped));
    } else if (manner.isWhole === true) this.#keep(publication, manner, skipped);
    else this.#hold(publication, manner, skipped);
  }

  cannotKeepUp(): void {
    this.#options.onCannotKeepUp();
  }

  snapshot(pages: SnapshotPages): void {
    // What comes after the pages must not take the place of what waits before them.
    this.#held.clear();
    this.#queue.push({ pages });
    this.pump();
  }

  gap(gap: GapNotification): void {
    const frame = gapFrame(gap);
    if (!this.isWaiting && this.#hasRoom()) this.#options.wire.write(frame);
    else this.#queue.push({ frame });
  }

  forget(subscriptionId: number, isWanted: (subject: string) => boolean): void {
    const kept: Waiting[] = [];
    for (const waiting of this.#queue) {
      if ('pages' in waiting && waiting.pages.id === subscriptionId) waiting.pages.drop();
      else if ('publication' in waiting && !isWanted(waiting.publication.subject)) this.#leave(waiting);
      else kept.push(waiting);
    }
    this.#queue = kept;
  }

  /** Writes of what waits as much as there is room for; to be called when the socket has drained. */
  pump(): void {
    // What waited may have been forgotten; that something was dropped before is to be told all the same.
    if (!this.isWaiting && this.#overranFromUs === undefined) return;
    // An answer, when written, brings the pages that it announces: they are queued, and written further down.
    if (this.#isPumping) return;
    const { onAnswersWritten, onOverran } = this.#options;
    this.#isPumping = true;
    const hadAnswers = this.answersWait;
    for (let [answer] = this.#answers; answer !== undefined; [answer] = this.#answers) {
      if (!this.#isDone(answer)) {
        this.#goOn(answer);
        break;
      }
      this.#answers.shift();
      answer.onWritten();
    }
    let written = 0;
    // Where there is no room left, the socket will say when it has drained.
    while (!this.answersWait && this.#hasRoom()) {
      const waiting = this.#queue[written];
      if (waiting === undefined) break;
      if (this.#write(waiting)) written += 1;
    }
    this.#queue.splice(0, written);
    this.#isPumping = false;
    if (hadAnswers && !this.answersWait) onAnswersWritten();
    if (this.#queue.length > 0 || this.#overranFromUs === undefined) return;
    const fromUs = this.#overranFromUs;
    this.#overranFromUs = undefined;
    onOverran(fromUs);
  }

  /** Whether the client has taken nothing for `stuckMs` of what waits for it. To be asked every now and then. */
  isStuck(nowMs: number): boolean {
    const { wire, limits } = this.#options;
    if (!this.isWaiting && this.#hasRoom()) {
      this.#takenAtMs = nowMs;
      return false;
    }
    const takenBytes = wire.takenBytes;
    if (takenBytes !== this.#takenBytes) {
      this.#takenBytes = takenBytes;
      this.#takenAtMs = nowMs;
    }
    return nowMs - this.#takenAtMs >= limits.stuckMs;
  }

  /** The session has ended. What an answer would have begun is told so by its own end. */
  close(): void {
    for (const waiting of this.#queue) if ('pages' in waiting) waiting.pages.drop();
    this.#queue = [];
    this.#held.clear();
    for (const { onWritten } of this.#answers.splice(0)) onWritten();
  }

  #hasRoom(): boolean {
    return this.#options.wire.writableLength <= this.#options.limits.outboxBytes;
  }

  #keep(publication: Publication, manner: Manner, skipped: number): void {
    const { wire, limits, metrics, onCannotKeepUp } = this.#options;
    const bytes = bytesOf(publication);
    this.#wholeBytes += bytes;
    if (wire.writableLength + this.#wholeBytes > limits.allBytes) {
      onCannotKeepUp();
      return;
    }
    metrics.hot.held_total += 1;
    publication.dropBytes();
    // What comes after it must not take the place of what waits before it.
    this.#held.delete(publication.key);
    this.#queue.push({ publication, manner, skipped, bytes });
  }

  #hold(publication: Publication, manner: Manner, skipped: number): void {
    const { wire, limits, metrics, nowUs } = this.#options;
    const older = this.#held.get(publication.key);
    if (older !== undefined) {
      // A repeat of what waits anyhow.
      if (older.publication === publication) return;
      const isLoss = older.manner.isRepeat !== true;
      older.publication = publication;
      older.skipped += skipped + (isLoss ? 1 : 0);
      older.manner = { ...manner, isFirst: older.manner.isFirst === true };
      if (isLoss) metrics.hot.skipped_total += 1;
      return;
    }
    const bytes = bytesOf(publication);
    const waitingBytes = wire.writableLength + this.#queuedBytes + this.#wholeBytes;
    const fits = this.#held.size === 0 && waitingBytes + bytes <= limits.outboxBytes;
    if (!fits && this.#heldCount >= limits.heldSensors) {
      this.#overranFromUs ??= nowUs();
      return;
    }
    metrics.hot.held_total += 1;
    publication.dropBytes();
    const waiting: WaitingMessage = { publication, manner, skipped, bytes: fits ? bytes : 0 };
    this.#queue.push(waiting);
    if (fits) this.#queuedBytes += bytes;
    else {
      this.#heldCount += 1;
      this.#held.set(publication.key, waiting);
    }
  }

  /** Writes a short answer, if there is room. @returns whether all of it is written */
  #isDone(answer: OutgoingAnswer): boolean {
    if (answer.isShort && this.#hasRoom()) answer.writeNext((bytes) => this.#options.wire.write(bytes));
    return answer.isWritten;
  }

  /** Where there is no room left, the socket will say when it has drained. */
  #goOn(answer: OutgoingAnswer): void {
    if (answer.isShort || answer !== this.#answers[0] || this.#hasAsked || !this.#hasRoom()) return;
    this.#hasAsked = true;
    this.#options.answerTurns.ask(() => {
      this.#hasAsked = false;
      const [next] = this.#answers;
      if (next?.isShort === false && this.#hasRoom())
        next.writeNext((bytes) => this.#options.wire.write(bytes));
      this.pump();
    });
  }

  /** @returns whether that was all of it */
  #write(waiting: Waiting): boolean {
    const { wire } = this.#options;
    if ('frame' in waiting) {
      wire.write(waiting.frame);
      return true;
    }
    if ('pages' in waiting) {
      const page = waiting.pages.take();
      if (page !== undefined) wire.write(pageFrame(page));
      return page === undefined || page.last;
    }
    this.#leave(waiting);
    const { publication, manner, skipped } = waiting;
    if (manner.isFirst === true) wire.write(sensorAddedFrame(publication));
    wire.write(frameOf(publication, manner, skipped));
    return true;
  }

  /** A message leaves the queue. */
  #leave(waiting: WaitingMessage): void {
    if (waiting.manner.isWhole === true) this.#wholeBytes -= waiting.bytes;
    else if (waiting.bytes > 0) this.#queuedBytes -= waiting.bytes;
    else {
      this.#heldCount -= 1;
      if (this.#held.get(waiting.publication.key) === waiting) this.#held.delete(waiting.publication.key);
    }
  }
}

function frameOf(publication: Publication, { isRepeat = false }: Manner, skipped: number): Buffer {
  return skipped === 0
    ? publication.bytes(nativeEncoding, isRepeat)
    : nativeEncoding.encode(publication, skipped, isRepeat);
}

function bytesOf({ json, subject }: Publication): number {
  return json.length + subject.length;
}
