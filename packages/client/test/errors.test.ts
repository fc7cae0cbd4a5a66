import { RPC_ERRORS, type RpcErrorName } from '@katbus/protocol';
import { describe, expect, it } from 'vitest';
import {
  answeredError,
  CLIENT_ERRORS,
  clientError,
  PortalError,
  type ClientErrorName,
} from '../src/errors.ts';

describe('portal error', () => {
  it.each(Object.entries(RPC_ERRORS))(
    'of the answer %s carries its name, number, message and field',
    (name, answer) => {
      const error = answeredError({ ...answer, data: { field: 'subjects.0' } });
      expect(error).toBeInstanceOf(PortalError);
      expect(error).toMatchObject({
        name: 'PortalError',
        code: name,
        rpcCode: answer.code,
        message: answer.message,
        field: 'subjects.0',
      });
    },
  );

  it('says which answers are worth asking again', () => {
    const retryable = (Object.keys(RPC_ERRORS) as RpcErrorName[]).filter(
      (name) => answeredError(RPC_ERRORS[name]).retryable,
    );
    expect(retryable.sort()).toEqual(['busy', 'internalError', 'timedOut', 'unavailable']);
  });

  it('of a code that a later portal may send is kept with its number', () => {
    expect(answeredError({ code: -32099, message: 'new' })).toMatchObject({
      code: 'refused',
      rpcCode: -32099,
      retryable: false,
    });
  });

  it.each(Object.keys(CLIENT_ERRORS) as ClientErrorName[])(
    'of the client itself, %s, has no number and keeps its cause',
    (code) => {
      const cause = new Error('why');
      expect(clientError(code, 'detail', { cause })).toMatchObject({
        code,
        rpcCode: undefined,
        retryable: CLIENT_ERRORS[code].retryable,
        message: `${CLIENT_ERRORS[code].message}: detail`,
        cause,
      });
    },
  );
});
