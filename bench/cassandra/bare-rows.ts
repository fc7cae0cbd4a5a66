import { parseArgs } from 'node:util';
import type { types } from 'cassandra-driver';
import { Client } from 'cassandra-driver';

/*
 * The peer of reading rows: a loop over the partitions of an archive with the driver alone, page after page, that adds times and numbers up, and
 * makes and delivers nothing. A process of its own.
 */
export interface BareRead {
  readonly type: 'read';
  readonly rows: number;
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
}

const PARTITIONS = 'SELECT sensor, from_t FROM buckets';
const ROWS = 'SELECT t, value_t, status, kind, value, text FROM samples WHERE sensor = ? AND bucket = ?';
const PAGE_ROWS = 5_000;

const { values } = parseArgs({ options: { node: { type: 'string' }, keyspace: { type: 'string' } } });
const client = new Client({
  contactPoints: [values.node ?? ''],
  localDataCenter: 'datacenter1',
  keyspace: values.keyspace ?? '',
  monitorReporting: { enabled: false },
});
try {
  await client.connect();
  const partitions = (await client.execute(PARTITIONS, [], { prepare: true, fetchSize: 1e6 })).rows;
  process.send?.(await read(partitions));
} finally {
  await client.shutdown();
}
process.disconnect();

async function read(partitions: readonly types.Row[]): Promise<BareRead> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  let rows = 0;
  let sum = 0;
  for (const partition of partitions) {
    let pageState: string | undefined;
    do {
      const options = { prepare: true, fetchSize: PAGE_ROWS, ...(pageState !== undefined && { pageState }) };
      const page: types.ResultSet = await client.execute(ROWS, [partition.sensor, partition.from_t], options);
      for (const row of page.rows) sum += (row.value as number) + (row.t as types.Long).toNumber();
      rows += page.rowLength;
      pageState = page.pageState;
    } while (pageState);
  }
  if (!Number.isFinite(sum)) throw new Error('a row is no number');
  const { user, system } = process.cpuUsage(before);
  return {
    type: 'read',
    rows,
    milliseconds: performance.now() - startedMs,
    cpuMilliseconds: (user + system) / 1_000,
  };
}
