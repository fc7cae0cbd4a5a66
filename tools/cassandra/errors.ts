export type CassandraStartCode =
  'ADDRESS_MISSING' | 'DATA_IN_USE' | 'EXITED_AT_START' | 'NOT_READY_IN_TIME' | 'PORT_IN_USE';

/** A Cassandra was found, but did not come up. The message is one line; `log` has the node's last lines. */
export class CassandraStartError extends Error {
  readonly code: CassandraStartCode;
  readonly log: readonly string[];

  constructor(code: CassandraStartCode, message: string, log: readonly string[] = []) {
    super(message);
    this.name = 'CassandraStartError';
    this.code = code;
    this.log = log;
  }
}
