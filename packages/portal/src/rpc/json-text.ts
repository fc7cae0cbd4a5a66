/** A result that is JSON already: who only passes it on need not read it. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A result that is too large to be made, or written, in one go: JSON in pieces of UTF-8, each made when it is taken. */
export class LongJson {
  readonly pieces: () => Iterable<Buffer>;

  constructor(pieces: () => Iterable<Buffer>) {
    this.pieces = pieces;
  }
}

/** What is written to a session: a text in one go, or piece by piece. */
export type AnswerText = string | Iterable<Buffer>;

/** A text around another. */
export function* around(head: string, inner: AnswerText, tail: string): Generator<Buffer, void, undefined> {
  yield Buffer.from(head);
  if (typeof inner === 'string') yield Buffer.from(inner);
  else yield* inner;
  yield Buffer.from(tail);
}
