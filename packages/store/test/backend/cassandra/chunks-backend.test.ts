import { afterAll, beforeAll } from 'vitest';
import { requires } from '../../../../../test/support/requires.ts';
import { backendSuite } from '../backend-suite.ts';
import { binsSuite } from '../bins-suite.ts';
import { TruncatedKeyspace } from './truncated-keyspace.ts';

const describeWithCassandra = await requires('cassandra');

describeWithCassandra('an archive in Cassandra', () => {
  let keyspace: TruncatedKeyspace;
  beforeAll(async () => {
    keyspace = await TruncatedKeyspace.make('chunks');
  }, 120_000);
  afterAll(() => keyspace[Symbol.asyncDispose]());

  const open = (options: { quarantineBytes: number }) => keyspace.open(options);
  backendSuite('cassandra, layout chunks', open);
  binsSuite('cassandra, layout chunks', open);
});
