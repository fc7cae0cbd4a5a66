import type { Layout } from '../layout.ts';
import { ChunksKeeper } from './chunks-keeper.ts';
import { CHUNKS_DEFAULTS, checkChunksOptions, type ChunksOptions } from './chunks-options.ts';
import { ChunksReader } from './chunks-reader.ts';
import { chunksTables } from './chunks-tables.ts';
import { JournalWriter } from './journal-writer.ts';

/**
 * A journal of what arrives, which is sealed into a chunk a sensor and hour: STORAGE.md, "The layout `chunks` of Cassandra".
 * @param now milliseconds since 1970; for tests
 * @throws {RangeError} naming the option that is wrong
 */
export function chunksLayout(options: Partial<ChunksOptions> = {}, now: () => number = Date.now): Layout {
  const all = { ...CHUNKS_DEFAULTS, ...options };
  checkChunksOptions(all);
  return {
    name: 'chunks',
    tables: chunksTables(all),
    writer: (session) => new JournalWriter(session, all, now),
    reader: (session) => new ChunksReader(session, all, now),
    keeper: (session) => new ChunksKeeper(session, all, now),
  };
}
