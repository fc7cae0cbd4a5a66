import { afterAll, beforeAll, vi } from 'vitest';
import { requires } from '../../../../../test/support/requires.ts';
import { backendSuite } from '../backend-suite.ts';
import { binsSuite } from '../bins-suite.ts';
import { TruncatedKeyspace } from './truncated-keyspace.ts';

// Hundreds of random runs against a real node, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const describeWithCassandra = await requires('cassandra');

describeWithCassandra('an archive in Cassandra', () => {
  let keyspace: TruncatedKeyspace;
  beforeAll(async () => {
    keyspace = await TruncatedKeyspace.make('mon');
  });
  afterAll(() => keyspace[Symbol.asyncDispose]());

  const open = (options: { quarantineBytes: number }) => keyspace.open(options);
  backendSuite('cassandra, layout mon', open, 40);
  binsSuite('cassandra, layout mon', open);
});
