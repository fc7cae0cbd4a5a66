export type PublicationKind = 'sample' | 'attributes' | 'message';

/** Turns publications into the bytes that one kind of client gets. */
export interface Encoding {
  encode(publication: Publication, skipped: number): Buffer;
}

/** One message of the bus, checked, as it goes to however many sessions. */
export class Publication {
  readonly kind: PublicationKind;
  readonly subject: string;
  /** What a newer one replaces when a client is slow: the sensor of a sample, `<component>.<sensor>`; the subject of a message. */
  readonly key: string;
  /** The payload as JSON text. */
  readonly json: string;
  /** Of a sample its `time` in microseconds, 0 of anything else. */
  readonly timeUs: number;
  #encoding: Encoding | undefined;
  #bytes: Buffer | undefined;

  constructor(kind: PublicationKind, subject: string, key: string, json: string, timeUs = 0) {
    this.kind = kind;
    this.subject = subject;
    this.key = key;
    this.json = json;
    this.timeUs = timeUs;
  }

  /** The bytes for every session of this encoding: made once. A second encoding takes the place of the first. */
  bytes(encoding: Encoding): Buffer {
    if (this.#encoding !== encoding || this.#bytes === undefined) {
      this.#encoding = encoding;
      this.#bytes = encoding.encode(this, 0);
    }
    return this.#bytes;
  }

  /** Lets go of the bytes: what waits for a slow client waits as text, which pins no pooled buffer. */
  dropBytes(): void {
    this.#bytes = undefined;
  }
}
