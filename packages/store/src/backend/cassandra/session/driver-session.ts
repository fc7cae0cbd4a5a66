import { types, type Client, type QueryOptions } from 'cassandra-driver';
import { StoreError } from '../../../errors.ts';
import {
  checkCassandraOptions,
  readConsistencyOf,
  writeConsistencyOf,
  type CassandraOptions,
  type Consistency,
} from '../cassandra-options.ts';
import { toStoreError } from './cql-fault.ts';
import { toCqlRows, toDriverValues } from './cql-rows.ts';
import type { CqlRow, CqlSession, CqlValue } from './cql-session.ts';
import { createClient } from './driver-client.ts';
import { InFlight, type RequestEnd } from './in-flight.ts';

/** Statements that change the schema are not prepared, and take their time. */
const OF_SCHEMA = /^\s*(?:create|alter|drop|truncate)\b/iu;
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
  #state: 'open' | 'closing' | 'closed' = 'open';

  private constructor(client: Client, options: CassandraOptions) {
    this.#client = client;
    this.keyspace = options.keyspace;
    this.#inFlight = new InFlight(options.inFlight);
    this.#read = consistencyCode(readConsistencyOf(options));
    this.#write = consistencyCode(writeConsistencyOf(options));
  }

  /**
   * Connects, and makes the keyspace when there is none of its name.
   * @throws {StoreError} UNAVAILABLE, UNAUTHORIZED, ...
   * @throws {RangeError} naming the option that is wrong
   */
  static async open(options: CassandraOptions): Promise<DriverSession> {
    checkCassandraOptions(options);
    try {
      return new DriverSession(await connect(options, options.keyspace), options);
    } catch (cause) {
      const error = toStoreError(cause);
      if (error.code !== 'SCHEMA') throw error;
    }
    try {
      await createKeyspace(options);
      return new DriverSession(await connect(options, options.keyspace), options);
    } catch (cause) {
      throw toStoreError(cause);
    }
  }

  async execute(
    cql: string,
    values: readonly CqlValue[] = [],
    { timestampUs }: { readonly timestampUs?: number | undefined } = {},
  ): Promise<CqlRow[]> {
    const options: QueryOptions = {
      consistency: READS.test(cql) ? this.#read : this.#write,
      ...(OF_SCHEMA.test(cql) && { prepare: false, readTimeout: SCHEMA_TIMEOUT_MS }),
      ...(timestampUs !== undefined && { timestamp: types.Long.fromNumber(timestampUs) }),
    };
    return toCqlRows(await this.#send(() => this.#client.execute(cql, toDriverValues(values), options)));
  }

  async *pages(
    cql: string,
    values: readonly CqlValue[] = [],
    { fetchSize = PAGE_ROWS }: { readonly fetchSize?: number | undefined } = {},
  ): AsyncGenerator<CqlRow[]> {
    const bound = toDriverValues(values);
    const page = (pageState?: string): Promise<types.ResultSet> => {
      const options = { consistency: this.#read, fetchSize, ...(pageState !== undefined && { pageState }) };
      const answer = this.#send(() => this.#client.execute(cql, bound, options));
      // Who leaves the loop early never asks for it.
      answer.catch(() => undefined);
      return answer;
    };
    let next: Promise<types.ResultSet> | undefined = page();
    while (next !== undefined) {
      const answer: types.ResultSet = await next;
      next = answer.pageState ? page(answer.pageState) : undefined;
      const rows = toCqlRows(answer);
      if (rows.length > 0) yield rows;
    }
  }

  async batch(cql: string, rows: readonly (readonly CqlValue[])[], timestampUs: number): Promise<void> {
    if (rows.length === 0) return;
    const options: QueryOptions = {
      consistency: this.#write,
      logged: false,
      timestamp: types.Long.fromNumber(timestampUs),
    };
    await this.#send(() =>
      this.#client.batch(
        rows.map((row) => ({ query: cql, params: toDriverValues(row) })),
        options,
      ),
    );
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    await this.#inFlight.idle();
    this.#state = 'closed';
    await this.#client.shutdown();
  }

  async #send<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    if (this.#state !== 'open') throw new StoreError('CLOSED', 'The session is closed');
    await this.#inFlight.enter();
    const sinceMs = performance.now();
    let end: RequestEnd = 'answered';
    try {
      return await request();
    } catch (cause) {
      const error = toStoreError(cause);
      end = error.code === 'TIMEOUT' || error.code === 'OVERLOADED' ? 'overloaded' : 'failed';
      throw error;
    } finally {
      this.#inFlight.leave(end, performance.now() - sinceMs);
    }
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

async function createKeyspace(options: CassandraOptions): Promise<void> {
  const client = await connect(options, undefined);
  try {
    await client.execute(
      `CREATE KEYSPACE IF NOT EXISTS ${options.keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': ${options.replicationFactor}}`,
      [],
      { prepare: false, readTimeout: SCHEMA_TIMEOUT_MS },
    );
  } finally {
    await client.shutdown();
  }
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
