import { HISTORY_PAGE, toMicroseconds, type HistoryRequest } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { toArchivedSample } from '../backend/stored-sample.ts';
import { parseTimeCursor, timeCursor } from './cursor.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { JsonList } from './json-list.ts';
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
    const fromUs = after === undefined ? startUs : parseTimeCursor(after);
    if (fromUs < startUs) throw new RequestError('BAD_REQUEST', 'after lies before start', 'after');
    const address = { component, sensor };
    if ((await backend.sensor(address)) === undefined) {
      throw new RequestError('NOT_FOUND', `the archive knows no sensor ${component}.${sensor}`, 'sensor');
    }
    // Taken before the reading: what is stored meanwhile may be in the answer, what was stored before is.
    const throughSequence = through();
    const list = new JsonList(HISTORY_PAGE.mostBytes);
    if (boundary && after === undefined) {
      const before = await backend.lastBefore(address, startUs);
      if (before !== undefined) list.add(toArchivedSample(before));
    }
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
      component,
      sensor,
      next: nextUs === undefined ? undefined : timeCursor(nextUs),
      through: throughSequence,
    });
  };
}
