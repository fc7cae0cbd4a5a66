import { CASSANDRA_DEFAULTS, type CassandraOptions } from '../cassandra-options.ts';
import { DriverSession } from './driver-session.ts';
import type { SessionNews } from './session-news.ts';

/** What has no default, and whatever else is to be different. */
export type SessionOptions = Pick<CassandraOptions, 'contactPoints'> & Partial<CassandraOptions>;

/**
 * Connects, and makes the keyspace when there is none of its name.
 * @param tell of what the session finds out by itself later
 * @throws {StoreError} UNAVAILABLE, UNAUTHORIZED, ...
 * @throws {RangeError} naming the option that is wrong
 */
export async function openSession(
  options: SessionOptions,
  tell?: (news: SessionNews) => void,
): Promise<DriverSession> {
  return DriverSession.open({ ...CASSANDRA_DEFAULTS, ...options }, tell);
}
