import type { Listing } from '../listing/listing.ts';
import type { MethodRun } from './methods.ts';

export function list(listing: Listing): MethodRun<'list'> {
  return (params) => listing.list(params);
}
