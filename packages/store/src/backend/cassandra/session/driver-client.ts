import {
  auth,
  Client,
  policies,
  types,
  type ClientOptions,
  type EmptyCallback,
  type HostMap,
} from 'cassandra-driver';
import type { ConnectionOptions } from 'node:tls';
import { StoreError } from '../../../errors.ts';
import type { CassandraOptions, CassandraTls } from '../cassandra-options.ts';
import { FramingClient } from './framing-client.ts';

/** The first pause before a node that is down is tried again. */
const RECONNECT_FIRST_MS = 250;

/** How long the driver waits for more changes of the schema before it looks at one: each of ours waits for that. */
const SCHEMA_DELAY_MS = 50;

/** Uses the nodes of one data center; where none is named, that of all nodes, when they are in one. */
class DatacenterPolicy extends policies.loadBalancing.DefaultLoadBalancingPolicy {
  override init(client: Client, hosts: HostMap, callback: EmptyCallback): void {
    const options = client as unknown as { readonly options: { localDataCenter?: string } };
    if (options.options.localDataCenter === undefined) {
      const names = [...new Set(hosts.values().map(({ datacenter }) => datacenter))];
      if (names.length !== 1) {
        callback(
          new StoreError('REFUSED', `Cassandra has several data centers: name one of ${names.join(', ')}`),
        );
        return;
      }
      options.options.localDataCenter = names[0]!;
    }
    super.init(client, hosts, callback);
  }
}

/** A client of the driver, not yet connected. @param keyspace undefined: of none */
export function createClient(options: CassandraOptions, keyspace: string | undefined): Client {
  const { username, password, datacenter, tls } = options;
  const settings: ClientOptions & { monitorReporting?: { enabled: boolean } } = {
    contactPoints: [...options.contactPoints],
    ...(keyspace !== undefined && { keyspace }),
    ...(datacenter !== undefined && { localDataCenter: datacenter }),
    ...(username !== undefined &&
      password !== undefined && { authProvider: new auth.PlainTextAuthProvider(username, password) }),
    ...(tls !== undefined && { sslOptions: tlsOptions(tls) }),
    policies: {
      loadBalancing: new DatacenterPolicy(),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        RECONNECT_FIRST_MS,
        options.reconnectAtMostMs,
        false,
      ),
    },
    socketOptions: {
      connectTimeout: options.connectTimeoutMs,
      readTimeout: options.requestTimeoutMs,
      defunctReadTimeoutThreshold: options.unansweredAtMost,
    },
    refreshSchemaDelay: SCHEMA_DELAY_MS,
    monitorReporting: { enabled: false },
    queryOptions: { prepare: true, isIdempotent: true, consistency: types.consistencies.localOne },
  };
  return FramingClient.isPossible ? new FramingClient(settings) : new Client(settings);
}

function tlsOptions({ ca, cert, key, serverName }: CassandraTls): ConnectionOptions {
  return {
    // The driver would not check certificates by itself.
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca: [ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}
