import { formatAddress, parseAddress, type SensorAddress } from '@katbus/protocol';
import { RequestError } from './request-error.ts';

/** `next` and `after`: opaque to whoever asks, so that what is in them may change. */

export function timeCursor(timeUs: number): string {
  return encode(`t${timeUs}`);
}

/** @throws {RequestError} naming `after` */
export function parseTimeCursor(text: string): number {
  const digits = /^t(-?\d{1,16})$/.exec(decode(text))?.[1];
  if (digits === undefined) throw malformed();
  return Number(digits);
}

/** Where an answer of several parts goes on: JSON, so that what is under way can be in it. */
export function positionCursor(position: object): string {
  return encode(JSON.stringify(position));
}

/** @throws {RequestError} naming `after` */
export function parsePositionCursor<Position extends object>(text: string): Position {
  try {
    const position: unknown = JSON.parse(decode(text));
    if (typeof position === 'object' && position !== null) return position as Position;
  } catch {
    // Said below.
  }
  throw malformed();
}

export function addressCursor(address: SensorAddress): string {
  return encode(formatAddress(address));
}

/** @throws {RequestError} naming `after` */
export function parseAddressCursor(text: string): SensorAddress {
  try {
    return parseAddress(decode(text));
  } catch {
    throw malformed();
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function decode(text: string): string {
  return Buffer.from(text, 'base64url').toString();
}

export function malformed(): RequestError {
  return new RequestError('BAD_REQUEST', 'after is no "next" of an answer', 'after');
}
