import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CassandraCluster, DATA_CENTER } from './cassandra/cassandra-cluster.ts';
import { CASSANDRA_VERSION } from './cassandra/jars.ts';

// What `npm run cassandra` runs: Cassandra on this machine, for a first look and for development.

const HELP = `Runs Cassandra ${CASSANDRA_VERSION} on this machine until Ctrl-C; its jars are fetched once with Maven into the cache.

Usage: npm run cassandra -- [options]

  --nodes <number>         1 to 9, on 127.0.0.1, 127.0.0.2 ... (default 1)
  --heap <size>            of each node, as Java has it: 512M, 2G (default 1G)
  --port <number>          where CQL answers (default 9042)
  --storage-port <number>  where nodes talk to each other (default 7000)
  --data <folder>          kept between runs (default ./var/cassandra)
  --log                    print what the nodes say`;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1' },
    heap: { type: 'string', default: '1G' },
    port: { type: 'string', default: '9042' },
    'storage-port': { type: 'string', default: '7000' },
    data: { type: 'string', default: './var/cassandra' },
    log: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(HELP);
else {
  try {
    await runUntilStopped();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

async function runUntilStopped(): Promise<void> {
  if (!/^\d+[mMgG]$/.test(values.heap)) throw new Error(`--heap ${values.heap}: not a size like 512M or 2G`);
  const port = wholeNumber('port', 1, 65_535);
  const storagePort = wholeNumber('storage-port', 1, 65_535);
  const nodes = Array.from({ length: wholeNumber('nodes', 1, 9) }, (_, index) => {
    return { host: `127.0.0.${index + 1}`, port, storagePort };
  });
  // A cluster of three is another one than that of one node: its data are apart.
  const data = resolve(values.data);
  const cluster = await CassandraCluster.start({
    nodes,
    home: nodes.length === 1 ? data : join(data, `${nodes.length}-nodes`),
    heap: values.heap,
    onProgress: (line) => console.log(line),
    onLogLine: values.log ? (line) => console.log(line) : undefined,
  });
  console.log(
    `Cassandra ${CASSANDRA_VERSION} answers on ${cluster.contactPoints.join(', ')}, data center ${DATA_CENTER}`,
  );
  console.log('Ctrl-C stops it.');
  // More than once: npm hands on what the terminal has sent to everybody.
  const asked = new Promise<'asked'>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop('asked'));
  });
  const ended = Promise.race(cluster.nodes.map((node) => node.exited));
  const why = await Promise.race([asked, ended]);
  if (why === 'asked') console.log('stopping');
  await cluster.stop();
  if (why !== 'asked') throw new Error('a node ended by itself; --log shows what it said');
}

/** @throws {Error} naming the option */
function wholeNumber(option: 'nodes' | 'port' | 'storage-port', least: number, most: number): number {
  const number = Number(values[option]);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`--${option} ${values[option]}: not a whole number from ${least} to ${most}`);
}
