import type { Listing } from '../listing/listing.ts';
import { LongJson } from './json-text.ts';
import type { MethodRun } from './methods.ts';
import type { PageTurns } from './page-turns.ts';

export function list(listing: Listing, turns: PageTurns): MethodRun<'list'> {
  return (params, context) =>
    turns.run(context, async () => {
      const listed = await listing.list(params);
      context.afterAnswer(() => listed.release());
      return new LongJson(() => listed.pieces());
    });
}
