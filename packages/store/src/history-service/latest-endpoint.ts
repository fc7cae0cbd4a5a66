import { CATALOGUE_PAGE, normalisedName, type LatestEntry, type LatestRequest } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { subjectMatcher } from '../backend/sensor-match.ts';
import { toArchivedSample } from '../backend/stored-sample.ts';
import { parseAddressCursor } from './cursor.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { pageAnswer } from './page-answer.ts';
import { checkPattern } from './request-error.ts';

/** `rpc.store.latest` */
export function latestEndpoint({ backend }: EndpointContext): Answer {
  return async (payload) => {
    const { subjects, limit, after } = parseRequest<LatestRequest>('latestRequest', payload);
    checkPattern('subjects', () => subjectMatcher(subjects));
    const page = await backend.latest({
      subjects,
      limit: limit ?? CATALOGUE_PAGE.defaultSensors,
      bytes: CATALOGUE_PAGE.mostBytes,
      after: after === undefined ? undefined : parseAddressCursor(after),
    });
    return pageAnswer('samples', page, CATALOGUE_PAGE.mostBytes, (row): LatestEntry => {
      const { component, sensor } = row;
      return { component, sensor, name: normalisedName(row), ...toArchivedSample(row) };
    });
  };
}
