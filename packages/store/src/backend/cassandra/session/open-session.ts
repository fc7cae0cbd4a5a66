import { CASSANDRA_DEFAULTS, type CassandraOptions } from '../cassandra-options.ts';
import { DriverSession } from './driver-session.ts';

/** What has no default, and whatever else is to be different. */
export type SessionOptions = Pick<CassandraOptions, 'contactPoints'> & Partial<CassandraOptions>;

/**
 * Connects, and makes the keyspace when there is none of its name.
 * @throws {StoreError} UNAVAILABLE, UNAUTHORIZED, ...
 * @throws {RangeError} naming the option that is wrong
 */
export async function openSession(options: SessionOptions): Promise<DriverSession> {
  return DriverSession.open({ ...CASSANDRA_DEFAULTS, ...options });
}
