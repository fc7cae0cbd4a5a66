import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Keys of cassandra.yaml. */
export type CassandraSettings = Readonly<Record<string, unknown>>;

export interface NodeAddress {
  readonly host: string;
  /** Where CQL answers. */
  readonly port: number;
  /** Where nodes talk to each other. */
  readonly storagePort: number;
}

export interface RingPlace {
  /** All nodes of the cluster; the first one is the seed. */
  readonly nodes: readonly NodeAddress[];
  /** Which of them this one is. */
  readonly index: number;
}

/** The settings of a node whose cluster is on this machine: what a small heap bears, and 5.0's newer formats, as new clusters have them. */
export function nodeSettings(
  { nodes, index }: RingPlace,
  settings: CassandraSettings = {},
): CassandraSettings {
  const [seed] = nodes;
  const node = nodes[index];
  if (seed === undefined || node === undefined) throw new Error(`no node ${index} of ${nodes.length}`);
  return {
    cluster_name: 'katbus',
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    // Even shares of the ring from the start, so that nobody has to move data.
    num_tokens: 1,
    initial_token: String(-(2n ** 63n) + (BigInt(index) * 2n ** 64n) / BigInt(nodes.length)),
    auto_bootstrap: false,
    endpoint_snitch: 'SimpleSnitch',
    seed_provider: [
      {
        class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
        parameters: [{ seeds: `${seed.host}:${seed.storagePort}` }],
      },
    ],
    listen_address: node.host,
    rpc_address: node.host,
    storage_port: node.storagePort,
    native_transport_port: node.port,
    // As the distribution has it: acknowledged first, and on the disk within ten seconds.
    commitlog_sync: 'periodic',
    commitlog_sync_period: '10000ms',
    commitlog_total_space: '512MiB',
    auto_snapshot: false,
    storage_compatibility_mode: 'NONE',
    memtable: { configurations: { default: { class_name: 'TrieMemtable' } } },
    memtable_allocation_type: 'offheap_objects',
    sstable: { selected_format: 'bti' },
    column_index_size: '4KiB',
    ...settings,
  };
}

/** What a node reads at its start. JSON is YAML too. */
export async function writeNodeFiles(home: string, settings: CassandraSettings): Promise<void> {
  for (const folder of ['data', 'logs', 'tmp']) await mkdir(join(home, folder), { recursive: true });
  await writeFile(join(home, 'cassandra.yaml'), `${JSON.stringify(settings, null, 2)}\n`);
  await writeFile(join(home, 'logback.xml'), LOGBACK);
}

const LOGBACK = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
`;
