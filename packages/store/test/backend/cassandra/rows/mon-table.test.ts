import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Attributes } from '@katbus/protocol';
import { CassandraBackend } from '../../../../src/backend/cassandra/cassandra-backend.ts';
import type { CqlSession } from '../../../../src/backend/cassandra/session/cql-session.ts';
import { openSession } from '../../../../src/backend/cassandra/session/open-session.ts';
import type { SampleRow } from '../../../../src/backend/stored-sample.ts';
import { freshKeyspace, sharedCassandra } from '../../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../../test/support/requires.ts';
import { everythingStored, testConnection, testFolder, testNats, testStore } from '../../../store-fixture.ts';
import { batch, DAY_START_US, sampleRow } from '../../rows.ts';

const describeWithCassandra = await requires('cassandra');
const MAIN = new URL('../../../../../cli/src/main.ts', import.meta.url).pathname;
const DAY_US = 86_400e6;
const DRIVE = { component: 'LST_1', sensor: 'drive_azimuth' };

describeWithCassandra('table mon', () => {
  let cassandra: { contactPoints: readonly string[]; keyspace: string };
  let keyspace: ReturnType<typeof freshKeyspace>;
  let session: CqlSession;
  let backend: CassandraBackend | undefined;

  beforeEach(async () => {
    const contactPoint = await sharedCassandra();
    keyspace = freshKeyspace(contactPoint);
    cassandra = { contactPoints: [contactPoint], keyspace: keyspace.name };
    session = await openSession(cassandra);
  }, 120_000);
  afterEach(async () => {
    await backend?.close();
    backend = undefined;
    await session.close();
    await keyspace[Symbol.asyncDispose]();
  }, 60_000);

  const open = async () => (backend = await CassandraBackend.open({ cassandra, layout: 'mon' }));
  const announced = (fromUs: number, fields: Partial<Attributes>) => ({
    ...DRIVE,
    fromUs,
    attributes: { name: 'LST_1_drive_azimuth', type: 'float', ...fields },
  });
  const drive = (fields: Partial<SampleRow>) => sampleRow({ ...DRIVE, ...fields });

  /** What each partition of the sensor says of it, by its beginning. */
  async function described(): Promise<unknown[][]> {
    const rows = await session.execute(
      'SELECT DISTINCT assembly, name, bucket, serial_number, units, environment FROM mon',
    );
    return rows
      .map((row) => [Number(row.bucket), row.serial_number, row.units, row.environment])
      .sort((a, b) => Number(a[0]) - Number(b[0]));
  }

  test(
    'says in each partition what its sensor is, and says so anew when that changes',
    { timeout: 120_000 },
    async () => {
      const store = await open();
      const first = { serial_number: 'A-1', units: 'deg', environment: 'onsite' };
      // Together, as they come first of all: no sensor is known before its batch is stored.
      await store.write(batch({ attributes: [announced(10, first)], samples: [drive({})] }));
      expect(await described()).toEqual([[DAY_START_US, 'A-1', 'deg', 'onsite']]);
      // Said again, as whenever somebody asks; then another unit of the same make; then an older message, read again.
      await store.write(batch({ attributes: [announced(20, first)] }));
      await store.write(
        batch({ attributes: [announced(30, { ...first, serial_number: 'A-2' }), announced(15, first)] }),
      );
      expect(await described()).toEqual([[DAY_START_US, 'A-2', 'deg', 'onsite']]);
      await store.write(batch({ attributes: [announced(40, { serial_number: 'A-3', environment: 'lab' })] }));
      expect(await described()).toEqual([[DAY_START_US, 'A-3', null, 'lab']]);
      // The next day begins with what holds then; the day before keeps what it said.
      await store.write(
        batch({
          attributes: [announced(50, { serial_number: 'A-4' })],
          samples: [drive({ timeUs: DAY_START_US + DAY_US })],
        }),
      );
      expect(await described()).toEqual([
        [DAY_START_US, 'A-3', null, 'lab'],
        [DAY_START_US + DAY_US, 'A-4', null, null],
      ]);
      await store.close();
      // Of a store that has begun anew.
      const next = await open();
      await next.write(batch({ attributes: [announced(60, { serial_number: 'A-5' })] }));
      await next.write(batch({ samples: [drive({ timeUs: DAY_START_US + DAY_US + 1 })] }));
      expect((await described()).at(-1)).toEqual([DAY_START_US + DAY_US, 'A-5', null, null]);
    },
  );

  test('has partitions that end, and microseconds', { timeout: 120_000 }, async () => {
    const store = await open();
    const times = [0, 1, DAY_US - 1, DAY_US, 3 * DAY_US + 123_457].map((offset) => DAY_START_US + offset);
    await store.write(
      batch({ samples: times.map((timeUs) => drive({ timeUs, valueTimeUs: timeUs - 7, value: [1, 2.5] })) }),
    );
    const rows = await session.execute('SELECT bucket, server_timestamp, source_timestamp, data FROM mon');
    const found = rows
      .map((row) => [row.bucket, row.server_timestamp, row.source_timestamp].map(Number))
      .sort((a, b) => a[1]! - b[1]!);
    expect(found).toEqual(times.map((timeUs) => [Math.floor(timeUs / DAY_US) * DAY_US, timeUs, timeUs - 7]));
    expect(rows.every(({ data }) => JSON.stringify(data) === '[1,2.5]')).toBe(true);
  });

  test('has what katbus store mon published', { timeout: 180_000 }, async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    await testStore(nats, { backend: 'cassandra', cassandra: { cassandra, layout: 'mon' } });
    const file = join(await testFolder(), 'records.jsonl');
    // Yesterday at noon: all in one day.
    const seconds = Math.floor(Date.now() / 86_400_000) * 86_400 - 43_200;
    const record = (place: number, fields: object) =>
      JSON.stringify({
        ...{ assembly: 'LST-1', name: 'drive.azimuth', units: 'deg', environment: 'onsite' },
        // Ten million a second, as OPC UA counts them.
        server_timestamp: `${seconds + place}.1234567`,
        source_timestamp: `${seconds + place}.1000019`,
        ...fields,
      });
    const lines = [
      record(0, { serial_number: 'A-0042', data: [181.25] }),
      record(1, { serial_number: 'A-0042', data: [1, 'NaN', 3] }),
      record(2, { serial_number: 'A-0043', data: [] }),
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const words = ['store', 'mon', file, '--nats', nats.url];
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...words]);
    expect(stdout).toBe('3 records published\n');
    await everythingStored(connection);
    const rows = await session.execute('SELECT * FROM mon');
    const found = rows.toSorted((a, b) => Number(a.server_timestamp) - Number(b.server_timestamp));
    expect(found.map(({ data }) => data ?? [])).toEqual([[181.25], [1, NaN, 3], []]);
    for (const [place, row] of found.entries()) {
      expect(row).toMatchObject({
        ...{ assembly: 'LST_1', name: 'drive_azimuth' },
        ...{ serial_number: 'A-0043', units: 'deg', environment: 'onsite' },
        server_timestamp: (seconds + place) * 1e6 + 123_456,
        source_timestamp: (seconds + place) * 1e6 + 100_001,
      });
    }
  });
});
