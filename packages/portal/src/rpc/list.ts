import type { Listing } from '../listing/listing.ts';
import { listText } from '../listing/list-text.ts';
import type { MethodRun } from './methods.ts';

export function list(listing: Listing): MethodRun<'list'> {
  return async (params) => listText(await listing.list(params));
}
