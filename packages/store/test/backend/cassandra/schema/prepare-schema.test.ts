import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareSchema } from '../../../../src/backend/cassandra/schema/prepare-schema.ts';
import type { CqlSession } from '../../../../src/backend/cassandra/session/cql-session.ts';
import { openSession } from '../../../../src/backend/cassandra/session/open-session.ts';
import { freshKeyspace, sharedCassandra } from '../../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../../test/support/requires.ts';

const describeWithCassandra = await requires('cassandra');

const layoutFor = (keepDays: number, windowDays: number) => ({
  name: 'rows' as const,
  tables: [
    `CREATE TABLE IF NOT EXISTS samples (sensor bigint PRIMARY KEY)
     WITH compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': ${windowDays}}
     AND default_time_to_live = ${keepDays * 86_400}`,
  ],
});

describeWithCassandra('schema of an archive in Cassandra', () => {
  let keyspace: ReturnType<typeof freshKeyspace>;
  let session: CqlSession;
  let identity: string;

  beforeAll(async () => {
    const contactPoint = await sharedCassandra();
    keyspace = freshKeyspace(contactPoint);
    session = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name });
    const first = await prepareSchema(session, layoutFor(10, 1));
    expect(first.lostTables).toEqual([]);
    identity = first.identity;
  }, 120_000);
  afterAll(async () => {
    await session.close();
    await keyspace[Symbol.asyncDispose]();
  });

  test('is made once', async () => {
    expect(await prepareSchema(session, layoutFor(10, 1))).toEqual({ identity, lostTables: [] });
  });

  test('is not that of another layout', async () => {
    await expect(prepareSchema(session, { ...layoutFor(10, 1), name: 'chunks' })).rejects.toMatchObject({
      code: 'FOREIGN_FILE',
      message: expect.stringContaining('has the layout rows, not chunks') as string,
    });
  });

  test('gives samples another life when that is asked for', async () => {
    await prepareSchema(session, layoutFor(90, 3));
    const [row] = await session.execute(
      'SELECT default_time_to_live, compaction FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?',
      [session.keyspace, 'samples'],
    );
    expect(row).toMatchObject({
      default_time_to_live: 90 * 86_400,
      compaction: { compaction_window_size: '3' },
    });
  });

  test('is made whole again when somebody dropped a table, and says so', async () => {
    await session.execute('DROP TABLE samples');
    await session.execute('DROP TABLE gaps');
    const { lostTables } = await prepareSchema(session, layoutFor(90, 3));
    expect([...lostTables].sort()).toEqual(['gaps', 'samples']);
    expect(await session.execute('SELECT * FROM samples')).toEqual([]);
  });

  test('of a later version is not touched', async () => {
    await session.execute('UPDATE archive SET version = ? WHERE one = 1 IF EXISTS', [99]);
    await expect(prepareSchema(session, layoutFor(90, 3))).rejects.toMatchObject({ code: 'SCHEMA_VERSION' });
  });
});
