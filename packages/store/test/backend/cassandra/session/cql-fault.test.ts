import { errors, types } from 'cassandra-driver';
import { describe, expect, test } from 'vitest';
import { toStoreError } from '../../../../src/backend/cassandra/session/cql-fault.ts';
import { StoreError } from '../../../../src/errors.ts';

const { responseErrorCodes } = types;

function answered(code: number, message = 'said the node'): Error {
  return new errors.ResponseError(code, message);
}

function socketClosed(): Error {
  return Object.assign(new Error('Socket was closed'), { isSocketError: true });
}

describe('what went wrong at Cassandra', () => {
  test.each([
    ['a write that timed out', answered(responseErrorCodes.writeTimeout), 'TIMEOUT', true],
    ['a read that timed out', answered(responseErrorCodes.readTimeout), 'TIMEOUT', true],
    ['no answer', new errors.OperationTimedOutError('late', 'a'), 'TIMEOUT', true],
    ['too few copies alive', answered(responseErrorCodes.unavailableException), 'UNAVAILABLE', true],
    ['a node that begins', answered(responseErrorCodes.isBootstrapping), 'UNAVAILABLE', true],
    ['a connection that broke', socketClosed(), 'UNAVAILABLE', true],
    ['a node that sheds load', answered(responseErrorCodes.overloaded), 'OVERLOADED', true],
    ['a copy that failed', answered(responseErrorCodes.writeFailure), 'IO', true],
    ['a fault of the node', answered(responseErrorCodes.serverError), 'IO', true],
    ['a right that is lacking', answered(responseErrorCodes.unauthorized), 'UNAUTHORIZED', true],
    ['a wrong password', new errors.AuthenticationError('wrong'), 'UNAUTHORIZED', true],
    ['a table that is gone', answered(responseErrorCodes.invalid, 'table x does not exist'), 'SCHEMA', true],
    ['the same, older', answered(responseErrorCodes.invalid, 'unconfigured table x'), 'SCHEMA', true],
    [
      'a keyspace that is gone',
      answered(responseErrorCodes.invalid, "Keyspace 'k' does not exist"),
      'SCHEMA',
      true,
    ],
    ['a statement that cannot be prepared again', answered(responseErrorCodes.unprepared), 'SCHEMA', true],
    ['a batch that is too large', answered(responseErrorCodes.invalid, 'Batch too large'), 'REFUSED', false],
    ['a statement that is wrong', answered(responseErrorCodes.syntaxError), 'REFUSED', false],
    ['a value of a wrong type', new TypeError('Expected Number'), 'REFUSED', false],
  ] as const)('%s: %3$s', (_what, cause, code, isRetryable) => {
    const error = toStoreError(cause);
    expect(error).toBeInstanceOf(StoreError);
    expect([error.code, error.isRetryable]).toEqual([code, isRetryable]);
    expect(error.cause).toBe(cause);
    expect(error.message).toMatch(/^Cassandra: /u);
  });

  test('of several nodes, a request that one of them may have done counts as that', () => {
    const cause = new errors.NoHostAvailableError({
      '10.0.0.1:9042': new errors.OperationTimedOutError('late', '10.0.0.1:9042'),
      '10.0.0.2:9042': 'Host considered as DOWN',
      '10.0.0.3:9042': socketClosed(),
    });
    expect(toStoreError(cause).code).toBe('TIMEOUT');
    for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
      expect(toStoreError(cause).message).toContain(host);
  });

  test('no sample is refused because one node of several refused', () => {
    const cause = new errors.NoHostAvailableError({
      a: answered(responseErrorCodes.invalid, 'Batch too large'),
      b: 'Host considered as DOWN',
    });
    expect(toStoreError(cause)).toMatchObject({ code: 'UNAVAILABLE', isRetryable: true });
  });

  test('no node at all is said in words', () => {
    const error = toStoreError(new errors.NoHostAvailableError({}));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'Cassandra: no node can be reached' });
  });

  test('what is in our words already stays as it is', () => {
    const error = new StoreError('CLOSED', 'the end');
    expect(toStoreError(error)).toBe(error);
  });
});
