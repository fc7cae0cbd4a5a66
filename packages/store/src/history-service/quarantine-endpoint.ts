import {
  QUARANTINE_PAGE,
  toMicroseconds,
  toSeconds,
  type QuarantineDropAnswer,
  type QuarantineEntry,
  type QuarantineRequest,
  type QuarantineRetryAnswer,
  type QuarantineSelection,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { QuarantinePage } from '../backend/backend.ts';
import type { QuarantinedRow } from '../backend/write-batch.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { JsonList } from './json-list.ts';
import { RequestError } from './request-error.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** `rpc.store.quarantine` */
export function quarantineEndpoint(context: EndpointContext): Answer {
  return async (payload) => {
    const request = parseRequest<QuarantineRequest>('quarantineRequest', payload);
    const { quarantined: total } = await context.backend.statistics();
    const page = await selected(context, request);
    const list = new JsonList(QUARANTINE_PAGE.mostBytes);
    let { next } = page;
    for (const [place, row] of page.rows.entries()) {
      if (list.add(toEntry(row, request.payload === true))) continue;
      next = page.rows[place - 1]?.id;
      break;
    }
    return list.toAnswer('messages', { total, next: nextOf(next) });
  };
}

/** `rpc.store.quarantine.retry` */
export function quarantineRetryEndpoint(context: EndpointContext): Answer {
  return async (payload) => {
    const request = parseRequest<QuarantineSelection>('quarantineSelection', payload);
    checkSaid(request);
    const { rows, next } = await selected(context, request);
    const { stored, refused } = await context.retry(rows);
    await context.backend.releaseQuarantined(stored);
    const answer: QuarantineRetryAnswer = { stored: stored.length, refused, ...nextField(next) };
    return JSON.stringify(answer);
  };
}

/** `rpc.store.quarantine.drop` */
export function quarantineDropEndpoint(context: EndpointContext): Answer {
  return async (payload) => {
    const request = parseRequest<QuarantineSelection>('quarantineSelection', payload);
    checkSaid(request);
    const { rows, next } = await selected(context, request);
    const dropped = await context.backend.releaseQuarantined(rows.map(({ id }) => id));
    const answer: QuarantineDropAnswer = { dropped, ...nextField(next) };
    return JSON.stringify(answer);
  };
}

function selected({ backend }: EndpointContext, request: QuarantineSelection): Promise<QuarantinePage> {
  const { ids, reason, since, after } = request;
  return backend.quarantine({
    ids,
    reason,
    sinceUs: since === undefined ? undefined : toMicroseconds(since),
    limit: request.limit ?? QUARANTINE_PAGE.defaultMessages,
    bytes: QUARANTINE_PAGE.mostBytes,
    after: after === undefined ? undefined : parseNext(after),
  });
}

/** What changes something is not done to all by leaving a field out. @throws {RequestError} */
function checkSaid({ ids, reason, since, all }: QuarantineSelection): void {
  if (ids !== undefined || reason !== undefined || since !== undefined || all === true) return;
  throw new RequestError('BAD_REQUEST', 'say which: ids, reason, since, or all', 'all');
}

function toEntry(row: QuarantinedRow, withPayload: boolean): QuarantineEntry {
  const { id, sequence, receivedUs, subject, reason, field, text, payload } = row;
  const entry = { id, sequence, received: toSeconds(receivedUs), subject, reason, field, text };
  return { ...entry, bytes: payload.length, ...(withPayload ? payloadFields(payload) : {}) };
}

function payloadFields(payload: Uint8Array): Pick<QuarantineEntry, 'payload' | 'payloadBase64'> {
  try {
    return { payload: decoder.decode(payload) };
  } catch {
    return { payloadBase64: Buffer.from(payload).toString('base64') };
  }
}

const nextOf = (id: number | undefined) => (id === undefined ? undefined : `q${id}`);

function nextField(id: number | undefined): { next?: string } {
  return id === undefined ? {} : { next: `q${id}` };
}

function parseNext(text: string): number {
  const id = /^q(\d{1,15})$/.exec(text)?.[1];
  if (id === undefined) throw new RequestError('BAD_REQUEST', 'after is no "next" of an answer', 'after');
  return Number(id);
}
