import {
  toMicroseconds,
  toSeconds,
  type AttributesHistory,
  type AttributesHistoryRequest,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { Answer, EndpointContext } from './endpoint.ts';
import { RequestError } from './request-error.ts';

/** `rpc.store.attributes` */
export function attributesEndpoint({ backend }: EndpointContext): Answer {
  return async (payload) => {
    const request = parseRequest<AttributesHistoryRequest>('attributesHistoryRequest', payload);
    const { component, sensor, start, end } = request;
    if (start !== undefined && end !== undefined && end <= start) {
      throw new RequestError('BAD_REQUEST', 'end must be after start', 'end');
    }
    if ((await backend.sensor({ component, sensor })) === undefined) {
      throw new RequestError('NOT_FOUND', `the archive knows no sensor ${component}.${sensor}`, 'sensor');
    }
    const spans = await backend.attributesHistory(
      { component, sensor },
      start === undefined ? -Infinity : toMicroseconds(start),
      end === undefined ? Infinity : toMicroseconds(end),
    );
    const attributes = spans.map(({ fromUs, attributes }) => ({ from: toSeconds(fromUs), attributes }));
    const history: AttributesHistory = { component, sensor, attributes };
    return JSON.stringify(history);
  };
}
