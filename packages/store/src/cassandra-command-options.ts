import { readFileSync } from 'node:fs';
import { numberWithin } from '@katbus/bus/daemon';
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  CASSANDRA_DEFAULTS,
  COMPRESSIONS,
  CONSISTENCIES,
  type Compression,
  type Consistency,
  type InFlightOptions,
} from './backend/cassandra/cassandra-options.ts';
import type { SessionOptions } from './backend/cassandra/session/open-session.ts';

/** How a Cassandra cluster is reached, as it stands on a command line. */
export interface CassandraCommandOptions {
  readonly cassandra: string[];
  readonly keyspace: string;
  readonly cassandraDatacenter?: string;
  readonly cassandraUser?: string;
  readonly cassandraPassword?: string;
  readonly cassandraTls?: true;
  readonly cassandraCa?: string;
  readonly cassandraCert?: string;
  readonly cassandraKey?: string;
  readonly cassandraServerName?: string;
  readonly replication: number;
  readonly writeConsistency?: Consistency;
  readonly readConsistency?: Consistency;
  readonly compression: Compression;
  readonly cassandraRequests: number;
  readonly cassandraTimeout: number;
}

/** Adds what {@link cassandraOptionsOf} reads. */
export function addCassandraOptions(command: Command): Command {
  const file = (text: string) => {
    try {
      return readFileSync(text, 'utf8');
    } catch (error) {
      throw new InvalidArgumentError(`It is a file that can be read (${(error as Error).message}).`);
    }
  };
  return command
    .addOption(
      new Option('--cassandra <hosts>', 'some nodes, with ports other than 9042: host,host:port')
        .env('KATBUS_CASSANDRA')
        .argParser(contactPoints)
        .default(['127.0.0.1'], '127.0.0.1'),
    )
    .addOption(
      new Option('--keyspace <name>', 'made when it is missing')
        .env('KATBUS_CASSANDRA_KEYSPACE')
        .default(CASSANDRA_DEFAULTS.keyspace),
    )
    .addOption(
      new Option('--cassandra-datacenter <name>', 'whose nodes are used; default that of the nodes').env(
        'KATBUS_CASSANDRA_DATACENTER',
      ),
    )
    .addOption(new Option('--cassandra-user <name>', 'who logs in').env('KATBUS_CASSANDRA_USER'))
    .addOption(
      new Option('--cassandra-password <text>', 'rather by its variable').env('KATBUS_CASSANDRA_PASSWORD'),
    )
    .addOption(
      new Option('--cassandra-tls', 'encrypted, with nodes whose certificates are known to Node.js').env(
        'KATBUS_CASSANDRA_TLS',
      ),
    )
    .addOption(
      new Option('--cassandra-ca <file>', 'encrypted; PEM: who signs the nodes\u2019 certificates')
        .env('KATBUS_CASSANDRA_CA')
        .argParser(file),
    )
    .addOption(
      new Option('--cassandra-cert <file>', 'PEM: our own certificate')
        .env('KATBUS_CASSANDRA_CERT')
        .argParser(file),
    )
    .addOption(
      new Option('--cassandra-key <file>', 'PEM: the key to it').env('KATBUS_CASSANDRA_KEY').argParser(file),
    )
    .addOption(
      new Option(
        '--cassandra-server-name <name>',
        'whom the nodes\u2019 certificates are for; default the address',
      ).env('KATBUS_CASSANDRA_SERVER_NAME'),
    )
    .addOption(
      new Option('--replication <n>', 'copies of each row, when the keyspace is made')
        .env('KATBUS_CASSANDRA_REPLICATION')
        .argParser((text) => Math.floor(numberWithin(1, 9, 'copies')(text)))
        .default(CASSANDRA_DEFAULTS.replicationFactor),
    )
    .addOption(
      new Option('--write-consistency <level>', 'default LOCAL_ONE with one copy, else LOCAL_QUORUM')
        .env('KATBUS_CASSANDRA_WRITE_CONSISTENCY')
        .choices(CONSISTENCIES),
    )
    .addOption(
      new Option('--read-consistency <level>', 'the same')
        .env('KATBUS_CASSANDRA_READ_CONSISTENCY')
        .choices(CONSISTENCIES),
    )
    .addOption(
      new Option('--compression <name>', 'of samples on the disk, when tables are made')
        .env('KATBUS_CASSANDRA_COMPRESSION')
        .choices(COMPRESSIONS)
        .default(CASSANDRA_DEFAULTS.compression),
    )
    .addOption(
      new Option('--cassandra-requests <n>', 'most requests under way at a time; fewer while it is slow')
        .env('KATBUS_CASSANDRA_REQUESTS')
        .argParser(numberWithin(1, 2_000, 'requests'))
        .default(CASSANDRA_DEFAULTS.inFlight.most),
    )
    .addOption(
      new Option('--cassandra-timeout <seconds>', 'a request without an answer for so long has failed')
        .env('KATBUS_CASSANDRA_TIMEOUT')
        .argParser(numberWithin(0.5, 600, 'seconds'))
        .default(CASSANDRA_DEFAULTS.requestTimeoutMs / 1000),
    );
}

/** What a session is opened with. */
export function cassandraOptionsOf(options: CassandraCommandOptions): SessionOptions {
  const { cassandra, cassandraCa, cassandraCert, cassandraKey, cassandraServerName } = options;
  const isEncrypted =
    options.cassandraTls === true || cassandraCa !== undefined || cassandraCert !== undefined;
  return {
    contactPoints: cassandra,
    keyspace: options.keyspace,
    datacenter: options.cassandraDatacenter,
    username: options.cassandraUser,
    password: options.cassandraPassword,
    tls: isEncrypted
      ? { ca: cassandraCa, cert: cassandraCert, key: cassandraKey, serverName: cassandraServerName }
      : undefined,
    replicationFactor: options.replication,
    writeConsistency: options.writeConsistency,
    readConsistency: options.readConsistency,
    compression: options.compression,
    requestTimeoutMs: options.cassandraTimeout * 1000,
    inFlight: inFlightUpTo(Math.floor(options.cassandraRequests)),
  };
}

function inFlightUpTo(most: number): InFlightOptions {
  const { least, first, targetMs } = CASSANDRA_DEFAULTS.inFlight;
  return { least: Math.min(least, most), first: Math.min(first, most), most, targetMs };
}

function contactPoints(text: string): string[] {
  const points = text.split(',').map((point) => point.trim());
  if (points.some((point) => !/^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/]+)(?::\d{1,5})?$/.test(point))) {
    throw new InvalidArgumentError('They are hosts, or host:port, with commas between.');
  }
  return points;
}
