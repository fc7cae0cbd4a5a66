/** What the subject of an acknowledgement tells of a delivery. */
export interface AcknowledgementSubject {
  /** How often the message was delivered, this time included. */
  deliveries: number;
  sequence: number;
  /** Number of the delivery among all of its consumer. */
  deliverySequence: number;
  timestampUs: number;
  /** How many more messages the consumer had when this one left. */
  pending: number;
}

const DOT = 0x2e;
const ZERO = 0x30;
/** `$JS.ACK.` */
const PREFIX = [0x24, 0x4a, 0x53, 0x2e, 0x41, 0x43, 0x4b, 0x2e] as const;
const NANOSECOND_DIGITS = 3;

/** Reused: one is read and copied before the next. */
const answer: AcknowledgementSubject = {
  deliveries: 0,
  sequence: 0,
  deliverySequence: 0,
  timestampUs: 0,
  pending: 0,
};
const dots = new Int32Array(16);

export function isAcknowledgementSubject(subject: Uint8Array): boolean {
  return subject.length > PREFIX.length && PREFIX.every((byte, place) => subject[place] === byte);
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivery>.<nanoseconds>.<pending>`, or the longer form in which domain and account
 * stand before the stream and a random token last (ADR-15). By bytes, because that is done for every message of a stream.
 * @returns the same object each time
 */
export function readAcknowledgement(subject: Uint8Array): AcknowledgementSubject {
  let tokens = 1;
  for (let place = 0; place < subject.length; place++) {
    if (subject[place] === DOT) {
      if (tokens < dots.length) dots[tokens] = place;
      tokens++;
    }
  }
  if (tokens < dots.length) dots[tokens] = subject.length;
  // Where the server names domain and account there are eleven tokens, and a random last one.
  const first = tokens === 9 ? 4 : 6;
  answer.deliveries = tokenNumber(subject, first, 0);
  answer.sequence = tokenNumber(subject, first + 1, 0);
  answer.deliverySequence = tokenNumber(subject, first + 2, 0);
  // Nanoseconds are beyond what a double counts; without the last three digits they are microseconds.
  answer.timestampUs = tokenNumber(subject, first + 3, NANOSECOND_DIGITS);
  answer.pending = tokenNumber(subject, first + 4, 0);
  return answer;
}

function tokenNumber(subject: Uint8Array, token: number, without: number): number {
  let number = 0;
  for (let place = dots[token]! + 1; place < dots[token + 1]! - without; place++) {
    number = number * 10 + (subject[place]! - ZERO);
  }
  return number;
}
