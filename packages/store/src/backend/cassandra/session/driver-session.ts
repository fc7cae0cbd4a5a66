import { setTimeout as delay } from 'node:timers/promises';
import { types, type Client, type Host, type QueryOptions } from 'cassandra-driver';
import { StoreError, type StoreErrorCode } from '../../../errors.ts';
import {
  checkCassandraOptions,
  readConsistencyOf,
  writeConsistencyOf,
  type CassandraOptions,
  type Consistency,
} from '../cassandra-options.ts';
import { toStoreError } from './cql-fault.ts';
import type { CellPage } from './cell-page.ts';
import { toCells, toCqlRows, toDriverValues } from './cql-rows.ts';
import type { CqlRow, CqlSession, CqlValue, PageOptions } from './cql-session.ts';
import { createClient } from './driver-client.ts';
import { FramingClient, type FramedOptions } from './framing-client.ts';
import { InFlight, type RequestEnd } from './in-flight.ts';
import { NodeWatch } from './node-watch.ts';
import type { RawRowsOptions } from './raw-rows.ts';
import { schemaAgreed, schemaNode } from './schema-node.ts';
import type { SessionNews, SessionStatus } from './session-news.ts';

/** Statements that change the schema are not prepared, and take their time. */
const OF_SCHEMA = /^\s*(?:create|alter|drop|truncate)\b/iu;
const KEYSPACE_LOOK_EVERY_MS = 250;
const SCHEMA_TIMEOUT_MS = 60_000;
const READS = /^\s*select\b/iu;
const PAGE_ROWS = 5_000;

/** A session over `cassandra-driver`. */
export class DriverSession implements CqlSession {
  readonly keyspace: string;
  readonly #client: Client;
  readonly #inFlight: InFlight;
  readonly #read: number;
  readonly #write: number;
  readonly #watch: NodeWatch;
  readonly #failures = new Map<StoreErrorCode, number>();
  #requests = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';

  private constructor(client: Client, options: CassandraOptions, tell: (news: SessionNews) => void) {
    this.#client = client;
    this.keyspace = options.keyspace;
    this.#watch = new NodeWatch(client, options.bootCheckMs, tell);
    this.#inFlight = new InFlight(options.inFlight);
    this.#read = consistencyCode(readConsistencyOf(options));
    this.#write = consistencyCode(writeConsistencyOf(options));
  }

  /**
   * Connects, and makes the keyspace when there is none of its name.
   * @throws {StoreError} UNAVAILABLE, UNAUTHORIZED, ...
   * @throws {RangeError} naming the option that is wrong
   */
  static async open(
    options: CassandraOptions,
    tell: (news: SessionNews) => void = () => undefined,
  ): Promise<DriverSession> {
    checkCassandraOptions(options);
    try {
      const session = new DriverSession(await connectToKeyspace(options), options, tell);
      await session.#watch.begin();
      return session;
    } catch (cause) {
      throw toStoreError(cause);
    }
  }

  get status(): SessionStatus {
    const { all, down } = this.#watch.nodes;
    const { under, waiting } = this.#inFlight.load;
    return {
      state: this.#watch.state,
      nodes: all,
      nodesDown: down.length,
      inFlightLimit: this.#inFlight.limit,
      inFlight: under,
      waiting,
      averageMs: this.#inFlight.averageMs,
      requests: this.#requests,
      failures: this.#failures,
    };
  }

  async execute(
    cql: string,
    values: readonly CqlValue[] = [],
    { timestampUs }: { readonly timestampUs?: number | undefined } = {},
  ): Promise<CqlRow[]> {
    if (OF_SCHEMA.test(cql)) {
      await this.#send(() => changeSchema(this.#client, cql));
      return [];
    }
    const options: QueryOptions = {
      consistency: READS.test(cql) ? this.#read : this.#write,
      ...(timestampUs !== undefined && { timestamp: types.Long.fromNumber(timestampUs) }),
    };
    return toCqlRows(await this.#send(() => this.#client.execute(cql, toDriverValues(values), options)));
  }

  async *pages(
    cql: string,
    values: readonly CqlValue[] = [],
    options: PageOptions = {},
  ): AsyncGenerator<CqlRow[]> {
    for await (const answer of this.#answers(cql, values, options)) {
      const rows = toCqlRows(answer);
      if (rows.length > 0) yield rows;
    }
  }

  async *cells(
    cql: string,
    values: readonly CqlValue[] = [],
    options: PageOptions = {},
  ): AsyncGenerator<CellPage> {
    for await (const answer of this.#answers(cql, values, options, { rawRows: true })) {
      const page = toCells(answer);
      if (page.length > 0) yield page;
    }
  }

  async batch(cql: string, rows: readonly (readonly CqlValue[])[], timestampUs: number): Promise<void> {
    if (rows.length === 0) return;
    const options = {
      consistency: this.#write,
      logged: false,
      timestamp: types.Long.fromNumber(timestampUs),
    };
    await this.#send(() => {
      if (!FramingClient.isPossible) {
        const queries = rows.map((row) => ({ query: cql, params: toDriverValues(row) }));
        return this.#client.batch(queries, options);
      }
      const framed: FramedOptions = { ...options, framed: { rows, timestampUs } };
      return this.#client.batch([{ query: cql, params: toDriverValues(rows[0]!) }], framed);
    });
  }

  replicaOf(key: () => Uint8Array): string | undefined {
    if (this.#client.hosts.length <= 1) return undefined;
    const replicas = this.#client.getReplicas(this.keyspace, Buffer.from(key())) as Host[] | null;
    return replicas?.[0]?.address;
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    await this.#inFlight.idle();
    this.#state = 'closed';
    this.#watch.close();
    await this.#client.shutdown();
  }

  /** Page by page, the next one asked for already. */
  async *#answers(
    cql: string,
    values: readonly CqlValue[],
    { fetchSize = PAGE_ROWS, looksFirst = false }: PageOptions,
    more: QueryOptions | RawRowsOptions = {},
  ): AsyncGenerator<types.ResultSet, void, undefined> {
    const bound = toDriverValues(values);
    const page = (pageState?: string): Promise<types.ResultSet> => {
      const options = {
        ...more,
        consistency: this.#read,
        fetchSize: typeof fetchSize === 'number' ? fetchSize : fetchSize(),
        ...(pageState !== undefined && { pageState }),
      };
      const answer = this.#send(() => this.#client.execute(cql, bound, options));
      // Who leaves the loop early never asks for it.
      answer.catch(() => undefined);
      return answer;
    };
    let next = page();
    for (let isAhead = !looksFirst; ; isAhead = true) {
      const answer: types.ResultSet = await next;
      const { pageState } = answer;
      const ahead = isAhead && pageState ? page(pageState) : undefined;
      yield answer;
      if (!pageState) return;
      next = ahead ?? page(pageState);
    }
  }

  async #send<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    if (this.#state !== 'open') throw new StoreError('CLOSED', 'The session is closed');
    await this.#inFlight.enter();
    const sinceMs = performance.now();
    let end: RequestEnd = 'answered';
    this.#requests += 1;
    try {
      const answer = await request();
      this.#watch.answered();
      return answer;
    } catch (cause) {
      const error = toStoreError(cause);
      this.#failures.set(error.code, (this.#failures.get(error.code) ?? 0) + 1);
      end = error.code === 'TIMEOUT' || error.code === 'OVERLOADED' ? 'overloaded' : 'failed';
      if (end === 'overloaded') this.#watch.unanswered(error.message);
      throw error;
    } finally {
      this.#inFlight.leave(end, performance.now() - sinceMs);
    }
  }
}

async function connectToKeyspace(options: CassandraOptions): Promise<Client> {
  try {
    return await connect(options, options.keyspace);
  } catch (cause) {
    if (toStoreError(cause).code !== 'SCHEMA') throw cause;
  }
  const client = await connect(options, undefined);
  try {
    await changeSchema(client, keyspaceStatement(options));
  } finally {
    await client.shutdown();
  }
  const untilMs = performance.now() + SCHEMA_TIMEOUT_MS;
  for (;;) {
    try {
      return await connect(options, options.keyspace);
    } catch (cause) {
      // A node that was asked by another store to make it tells the others, and until then they say that there is none.
      if (toStoreError(cause).code !== 'SCHEMA' || performance.now() > untilMs) throw cause;
    }
    await delay(KEYSPACE_LOOK_EVERY_MS);
  }
}

async function connect(options: CassandraOptions, keyspace: string | undefined): Promise<Client> {
  const client = createClient(options, keyspace);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.shutdown().catch(() => undefined);
    throw error;
  }
}

function keyspaceStatement({ keyspace, replicationFactor }: CassandraOptions): string {
  return `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': ${replicationFactor}}`;
}

/** Resolves when all nodes know of it. */
async function changeSchema(client: Client, cql: string): Promise<void> {
  const host = schemaNode(client);
  await client.execute(cql, [], {
    prepare: false,
    readTimeout: SCHEMA_TIMEOUT_MS,
    ...(host !== undefined && { host }),
  });
  await schemaAgreed(client);
}

function consistencyCode(name: Consistency): number {
  const { consistencies } = types;
  const codes: Record<Consistency, number> = {
    LOCAL_ONE: consistencies.localOne,
    ONE: consistencies.one,
    LOCAL_QUORUM: consistencies.localQuorum,
    QUORUM: consistencies.quorum,
    EACH_QUORUM: consistencies.eachQuorum,
    ALL: consistencies.all,
  };
  return codes[name];
}
