import { HISTORY_PAGE, toMicroseconds, type HistoryRequest } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { toArchivedSample } from '../backend/stored-sample.ts';
import { parseTimeCursor, timeCursor } from './cursor.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { JsonList } from './json-list.ts';
import { operatedPage, operatorOf } from './operated-history.ts';
import { RequestError } from './request-error.ts';

/**
 * `rpc.store.history`. A page may hold fewer samples than asked for, even none, and have a `next` all the same: the search for the samples
 * of a sensor that is rarely heard of is cut into pieces too.
 */
export function historyEndpoint({ backend, through }: EndpointContext): Answer {
  return async (payload) => {
    const request = parseRequest<HistoryRequest>('historyRequest', payload);
    const { component, sensor, start, end, after, boundary = false } = request;
    const limit = request.limit ?? HISTORY_PAGE.defaultSamples;
    if (end <= start) throw new RequestError('BAD_REQUEST', 'end must be after start', 'end');
    const [startUs, endUs] = [toMicroseconds(start), toMicroseconds(end)];
    const operator = operatorOf(request);
    const isTimeCursor = after !== undefined && operator === undefined;
    const fromUs = isTimeCursor ? parseTimeCursor(after) : startUs;
    if (fromUs < startUs) throw new RequestError('BAD_REQUEST', 'after lies before start', 'after');
    const address = { component, sensor };
    if ((await backend.sensor(address)) === undefined) {
      throw new RequestError('NOT_FOUND', `the archive knows no sensor ${component}.${sensor}`, 'sensor');
    }
    // Taken before the reading: what is stored meanwhile may be in the answer, what was stored before is.
    const throughSequence = through();
    const before = boundary && after === undefined ? await backend.lastBefore(address, startUs) : undefined;
    const fields = { component, sensor, through: throughSequence };
    if (operator !== undefined) {
      const { samples, next } = await operatedPage(backend, operator, request, limit);
      // Bounded when it was made.
      const list = new JsonList(Infinity);
      for (const sample of before === undefined ? samples : [before, ...samples])
        list.add(toArchivedSample(sample));
      return list.toAnswer('samples', { ...fields, next });
    }
    const list = new JsonList(HISTORY_PAGE.mostBytes);
    if (before !== undefined) list.add(toArchivedSample(before));
    const query = { ...address, startUs: fromUs, endUs };
    let nextUs: number | undefined;
    for await (const block of backend.history({
      ...query,
      blockSamples: limit,
      blockBytes: HISTORY_PAGE.mostBytes,
    })) {
      nextUs = block.samples.find((sample) => !list.add(toArchivedSample(sample)))?.timeUs ?? block.nextUs;
      break;
    }
    return list.toAnswer('samples', {
      ...fields,
      next: nextUs === undefined ? undefined : timeCursor(nextUs),
    });
  };
}
