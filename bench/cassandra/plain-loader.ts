import { parseArgs } from 'node:util';
import { Client } from 'cassandra-driver';
import { cpuSeconds } from '../support/process-usage.ts';

/*
 * The peer: sends rows that were built before, as fast as the driver and the node can, and knows nothing of streams. A process of its own, told
 * by its command line; it tells its parent what it measured.
 */
export interface Loaded {
  readonly type: 'loaded';
  readonly rowsASecond: number;
  readonly cpuUs: number;
  readonly nodeCpuUs: number;
}

const INSERT =
  'INSERT INTO plain (sensor, bucket, t, value_t, status, kind, value) VALUES (?, ?, ?, ?, ?, ?, ?)';
const TABLE = `CREATE TABLE IF NOT EXISTS plain (
  sensor bigint, bucket bigint, t bigint, value_t bigint, status tinyint, kind tinyint, value double, text text,
  PRIMARY KEY ((sensor, bucket), t)) WITH compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 16}
  AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}`;
/** Until code is compiled and pools are there. */
const WARM_UP = 0.1;

interface Work {
  readonly contactPoint: string;
  readonly keyspace: string;
  readonly nodePid: number;
  readonly rows: number;
  readonly sensors: number;
  /** 1: single inserts. */
  readonly rowsPerBatch: number;
  readonly inFlight: number;
}

const { values } = parseArgs({ options: { work: { type: 'string' } } });
const work = JSON.parse(values.work ?? '') as Work;
const client = new Client({
  contactPoints: [work.contactPoint],
  localDataCenter: 'datacenter1',
  monitorReporting: { enabled: false },
  socketOptions: { readTimeout: 60_000 },
});
try {
  await client.connect();
  await client.execute(
    `CREATE KEYSPACE IF NOT EXISTS ${work.keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 1}`,
  );
  await client.execute(`USE ${work.keyspace}`);
  await client.execute(TABLE);
  process.send?.(await load(prebuilt(work), work));
} finally {
  await client.shutdown();
}
process.disconnect();

type Row = (number | undefined)[];

/** Batches of one partition each, sensor after sensor, round after round. */
function prebuilt({ rows, sensors, rowsPerBatch }: Work): Row[][] {
  const startUs = Date.now() * 1_000;
  const rounds = Math.max(1, Math.ceil(rows / (sensors * rowsPerBatch)));
  const batches: Row[][] = [];
  for (let round = 0; round < rounds; round++) {
    for (let sensor = 0; sensor < sensors && batches.length * rowsPerBatch < rows; sensor++) {
      const bucket = Math.floor(startUs / 86_400e6) * 86_400e6;
      batches.push(
        Array.from({ length: rowsPerBatch }, (_, row) => {
          const timeUs = startUs + (round * rowsPerBatch + row) * 1e6;
          return [sensor + 1, bucket, timeUs, timeUs - 1_500, 0, 0, Math.sin(row)];
        }),
      );
    }
  }
  return batches;
}

async function load(batches: readonly Row[][], { inFlight, nodePid, rowsPerBatch }: Work): Promise<Loaded> {
  const options = { prepare: true, isIdempotent: true, logged: false };
  const send =
    rowsPerBatch === 1
      ? (batch: Row[]) => client.execute(INSERT, batch[0], options)
      : (batch: Row[]) =>
          client.batch(
            batch.map((params) => ({ query: INSERT, params })),
            options,
          );
  let next = 0;
  const warm = Math.floor(batches.length * WARM_UP);
  const until = async (end: number) => {
    const worker = async () => {
      while (next < end) await send(batches[next++]!);
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };
  await until(warm);
  const began = { ms: performance.now(), cpu: cpuSeconds(process.pid), node: cpuSeconds(nodePid) };
  await until(batches.length);
  const rows = (batches.length - warm) * rowsPerBatch;
  return {
    type: 'loaded',
    rowsASecond: (rows / (performance.now() - began.ms)) * 1_000,
    cpuUs: ((cpuSeconds(process.pid) - began.cpu) / rows) * 1e6,
    nodeCpuUs: ((cpuSeconds(nodePid) - began.node) / rows) * 1e6,
  };
}
