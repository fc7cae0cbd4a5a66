import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MIGRATIONS, type Migration } from '../../../../src/backend/cassandra/schema/migrations.ts';
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
  let contactPoint: string;

  beforeAll(async () => {
    contactPoint = await sharedCassandra();
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

  describe('of an older version', () => {
    const LATER: readonly Migration[] = [
      ...MIGRATIONS,
      {
        version: 2,
        statements: [
          'CREATE TABLE IF NOT EXISTS places (name text PRIMARY KEY)',
          'ALTER TABLE gaps ADD IF NOT EXISTS note text',
        ],
      },
      {
        version: 3,
        statements: [
          'ALTER TABLE places ADD IF NOT EXISTS height double',
          'ALTER TABLE gaps ADD IF NOT EXISTS found_by text',
        ],
      },
    ];
    const layout = layoutFor(90, 3);
    const GAP =
      'INSERT INTO gaps (one, from_sequence, to_sequence, to_t, note, found_by) VALUES (1, 1, 2, 3, ?, ?)';
    const PLACE = 'INSERT INTO places (name, height) VALUES (?, ?)';
    const version = async () =>
      (await session.execute('SELECT version FROM archive WHERE one = 1'))[0]?.version;

    test('is brought to this one, step by step, and what it holds stays', async () => {
      expect(await version()).toBe(1);
      await session.execute('INSERT INTO tallies (name) VALUES (?)', ['before']);
      // Killed between two steps, the next one goes on there.
      await prepareSchema(session, layout, LATER.slice(0, 2));
      expect(await version()).toBe(2);
      expect(await prepareSchema(session, layout, LATER)).toEqual({ identity, lostTables: [] });
      expect(await version()).toBe(3);
      await session.execute(GAP, ['here', 'me']);
      await session.execute(PLACE, ['roof', 7.5]);
      expect(await session.execute('SELECT name FROM tallies')).toEqual([{ name: 'before' }]);
      expect(await prepareSchema(session, layout, LATER)).toEqual({ identity, lostTables: [] });
    });

    test('of which a table was dropped has what all versions have made of it', async () => {
      await session.execute('DROP TABLE gaps');
      await session.execute('DROP TABLE places');
      const { lostTables } = await prepareSchema(session, layout, LATER);
      expect([...lostTables].sort()).toEqual(['gaps', 'places']);
      await session.execute(GAP, ['here', 'me']);
      await session.execute(PLACE, ['roof', 7.5]);
    });

    test('is refused by a Katbus that is older than it, which touches nothing', async () => {
      await session.execute('DROP TABLE tallies');
      await expect(prepareSchema(session, layout)).rejects.toMatchObject({
        code: 'SCHEMA_VERSION',
        message: `keyspace ${session.keyspace} has schema version 3, and this Katbus knows 1: run the later Katbus that made it`,
      });
      await expect(session.execute('SELECT * FROM tallies')).rejects.toMatchObject({ code: 'SCHEMA' });
      expect(await version()).toBe(3);
    });

    test('does not come into being: a new keyspace has all versions at once', async () => {
      await using fresh = freshKeyspace(contactPoint);
      const other = await openSession({ contactPoints: [contactPoint], keyspace: fresh.name });
      try {
        await prepareSchema(other, layout, LATER);
        await other.execute(GAP, ['here', 'me']);
        await other.execute(PLACE, ['roof', 7.5]);
        expect(await other.execute('SELECT version FROM archive')).toEqual([{ version: 3 }]);
      } finally {
        await other.close();
      }
    });
  });
});
