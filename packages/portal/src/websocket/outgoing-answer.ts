import type { AnswerText } from '../rpc/json-text.ts';
import { fragmentHeader, textFrame } from './frame.ts';

/** An answer on its way to the socket: one frame, or as many fragments as it has pieces. */
export class OutgoingAnswer {
  readonly onWritten: () => void;
  /** Whether it is one frame. */
  readonly isShort: boolean;
  readonly #pieces: Iterator<Buffer>;
  /** The piece that comes next: only with it is known whether the one before is the last. */
  #next: IteratorResult<Buffer, unknown>;
  #isFirst = true;

  constructor(text: AnswerText, onWritten: () => void) {
    this.onWritten = onWritten;
    this.isShort = typeof text === 'string';
    this.#pieces = typeof text === 'string' ? wholeFrame(text) : text[Symbol.iterator]();
    this.#next = this.#pieces.next();
  }

  get isWritten(): boolean {
    return this.#next.done === true;
  }

  /** Writes the next frame. Between the first and the last no other message may be written. */
  writeNext(write: (bytes: Buffer) => void): void {
    if (this.#next.done === true) return;
    const piece = this.#next.value;
    this.#next = this.#pieces.next();
    if (!this.isShort) write(fragmentHeader(piece.length, this.#isFirst, this.isWritten));
    this.#isFirst = false;
    write(piece);
  }
}

function* wholeFrame(text: string): Generator<Buffer, void, undefined> {
  yield textFrame(text);
}
