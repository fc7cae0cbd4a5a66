import {
  CATALOGUE_PAGE,
  type CatalogueEntry,
  type CataloguePage,
  type SensorsParams,
} from '@katbus/protocol';
import type { Filters, RequestFilter } from '../filters/filters.ts';
import type { StoreClient } from '../store-client.ts';
import type { MethodRun } from './methods.ts';

export function sensors(store: StoreClient, filters: Filters): MethodRun<'sensors'> {
  return (params) => sensorsPage(store, filters, params);
}

/** A page of the archive's catalogue, by any filter that a user may send. @throws {RequestError} */
export async function sensorsPage(
  store: StoreClient,
  filters: Filters,
  { filter, ...params }: SensorsParams,
): Promise<CataloguePage> {
  const { remote, select } = filters.read(filter);
  if (select === undefined)
    return store.sensors(remote === undefined ? params : { ...params, filter: remote });
  return selectedPage(store, select, params);
}

/** Pages of the archive that one page of ours may take: what they have may be nearly nothing. */
const MOST_PAGES = 8;

/**
 * The archive does not know the filter, so what it has is gone through here. Each of its pages is at most as long as what is missing, for only the archive
 * can say where to go on; so a page of ours may end before it is full, which any page may.
 */
async function selectedPage(
  store: StoreClient,
  select: NonNullable<RequestFilter['select']>,
  { limit = CATALOGUE_PAGE.defaultSensors, ...params }: SensorsParams,
): Promise<CataloguePage> {
  const found: CatalogueEntry[] = [];
  let next = params.after;
  for (let page = 0; page < MOST_PAGES && found.length <= limit / 2; page += 1) {
    const asked = { ...params, limit: limit - found.length, ...(next !== undefined && { after: next }) };
    const answer = await store.sensors(asked);
    const kept = await select(answer.sensors, ({ name, attributes }) => ({
      name,
      katcpName: attributes?.katcp_name,
    }));
    found.push(...kept);
    next = answer.next;
    if (next === undefined) break;
  }
  return { sensors: found, ...(next !== undefined && { next }) };
}
