import {
  GAPS_PAGE,
  toMicroseconds,
  toSeconds,
  type Gap,
  type GapsPage,
  type GapsRequest,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { missingMessages, type GapRow } from '../backend/write-batch.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { RequestError } from './request-error.ts';

/** `rpc.store.gaps` */
export function gapsEndpoint({ backend }: EndpointContext): Answer {
  return async (payload) => {
    const { start, end, after } = parseRequest<GapsRequest>('gapsRequest', payload);
    if (start !== undefined && end !== undefined && end <= start) {
      throw new RequestError('BAD_REQUEST', 'end must be after start', 'end');
    }
    const startUs = start === undefined ? -Infinity : toMicroseconds(start);
    const endUs = end === undefined ? Infinity : toMicroseconds(end);
    const from = after === undefined ? 0 : parsePlace(after);
    const all = await backend.gaps();
    const fitting = all.filter(({ fromUs, toUs }) => toUs >= startUs && fromUs < endUs);
    const page: GapsPage = { gaps: fitting.slice(from, from + GAPS_PAGE.mostGaps).map(toGap) };
    const next = from + GAPS_PAGE.mostGaps;
    return JSON.stringify(next < fitting.length ? { ...page, next: `g${next}` } : page);
  };
}

function toGap(row: GapRow): Gap {
  const { fromSequence, toSequence, fromUs, toUs, reason } = row;
  return {
    fromSequence,
    toSequence,
    messages: missingMessages(row),
    from: toSeconds(fromUs),
    to: toSeconds(toUs),
    reason,
  };
}

function parsePlace(text: string): number {
  const place = /^g(\d{1,15})$/.exec(text)?.[1];
  if (place === undefined) throw new RequestError('BAD_REQUEST', 'after is no "next" of an answer', 'after');
  return Number(place);
}
