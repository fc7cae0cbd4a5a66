import { RequestError } from '../rpc/errors.ts';
import { SharedMemory } from '../shared-memory.ts';

/** What the listings of all sessions take: from when a component's answer comes until the last byte of what is made of it is written. Refuses with `busy`. */
export class ListingMemory extends SharedMemory {
  constructor(mostBytes: number) {
    super(mostBytes, busy);
  }
}

function busy(mostBytes: number): RequestError {
  const message = `the listings that are under way have ${mostBytes} bytes, as much as they may: ask again in a second`;
  return new RequestError('busy', message);
}
