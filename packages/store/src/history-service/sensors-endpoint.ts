import {
  CATALOGUE_PAGE,
  normalisedName,
  regularExpression,
  toSeconds,
  type CatalogueEntry,
  type CatalogueRequest,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { CatalogueRow } from '../backend/backend.ts';
import { parseAddressCursor } from './cursor.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { pageAnswer } from './page-answer.ts';
import { checkPattern } from './request-error.ts';

/** `rpc.store.sensors` */
export function sensorsEndpoint({ backend }: EndpointContext): Answer {
  return async (payload) => {
    const { filter, component, limit, after } = parseRequest<CatalogueRequest>('catalogueRequest', payload);
    if (filter !== undefined) checkPattern('filter', () => regularExpression(filter));
    const page = await backend.catalogue({
      filter,
      component,
      limit: limit ?? CATALOGUE_PAGE.defaultSensors,
      bytes: CATALOGUE_PAGE.mostBytes,
      after: after === undefined ? undefined : parseAddressCursor(after),
    });
    return pageAnswer('sensors', page, CATALOGUE_PAGE.mostBytes, toEntry);
  };
}

function toEntry({ component, sensor, attributes, firstUs, lastUs }: CatalogueRow): CatalogueEntry {
  return {
    component,
    sensor,
    name: normalisedName({ component, sensor }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(firstUs === undefined ? {} : { firstTime: toSeconds(firstUs) }),
    ...(lastUs === undefined ? {} : { lastTime: toSeconds(lastUs) }),
  };
}
