import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LayoutName } from '../../src/backend/cassandra/layout.ts';
import { openCassandraArchive } from '../../src/copy/open-cassandra-archive.ts';
import { openSqliteArchive } from '../../src/copy/open-sqlite-archive.ts';
import { freshKeyspace, sharedCassandra } from '../../../../test/support/cassandra.ts';
import { requires } from '../../../../test/support/requires.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { anyArchive, contentOf, copyAll, fill, FLOOR } from './copy-fixture.ts';

const describeWithCassandra = await requires('cassandra');

describeWithCassandra('a copy into Cassandra and out of it', () => {
  let folder: TemporaryFolder;
  let contactPoint: string;

  beforeEach(async () => {
    folder = await temporaryFolder('copy');
    contactPoint = await sharedCassandra();
  });
  afterEach(() => folder.remove());

  test.for<LayoutName>(['rows', 'chunks'])(
    'has all that the source has, as %s',
    { timeout: 240_000 },
    async (layout) => {
      await using keyspace = freshKeyspace(contactPoint);
      const session = { contactPoints: [contactPoint], keyspace: keyspace.name };
      const state = join(folder.path, 'state.json');
      const source = await openSqliteArchive(join(folder.path, 'source'), false);
      await fill(source.backend, anyArchive());
      const expected = await contentOf(source.backend);

      await expect(openCassandraArchive({ session, mustExist: true })).rejects.toThrow('holds no archive');
      // Quick to believe that Cassandra has synced what it acknowledged.
      const backend = { setBackSeconds: 0.5, latestSeconds: 0.2, floorSeconds: 0.1 };
      const target = await openCassandraArchive({ session, layout, mustExist: false, backend });
      const report = await copyAll(source, target, state);
      expect(report).toMatchObject({ samples: 401, compared: 401, differences: 0 });
      expect(await contentOf(target.backend)).toEqual(expected);
      // The target's store begins where that of the source has ended, and not with all that the stream still has.
      expect(await target.backend.startFloor()).toEqual(FLOOR);
      await Promise.all([target.close(), source.close()]);

      const out = await openCassandraArchive({ session, mustExist: true });
      const files = await openSqliteArchive(join(folder.path, 'back'), false);
      expect(await copyAll(out, files, state)).toMatchObject({ differences: 0 });
      expect(await contentOf(files.backend)).toEqual(expected);
      await Promise.all([out.close(), files.close()]);
    },
  );

  test('is refused while a store writes to it', { timeout: 60_000 }, async () => {
    await using keyspace = freshKeyspace(contactPoint);
    const session = { contactPoints: [contactPoint], keyspace: keyspace.name };
    const store = await openCassandraArchive({ session, layout: 'rows', mustExist: false });
    const write = () =>
      store.backend.write({ samples: [], attributes: [], quarantine: [], gaps: [], floor: FLOOR });
    await write();
    const timer = setInterval(() => {
      void write();
    }, 1_000);
    try {
      await expect(openCassandraArchive({ session, mustExist: true })).rejects.toThrow('a store writes to');
    } finally {
      clearInterval(timer);
      await store.close();
    }
  });
});
