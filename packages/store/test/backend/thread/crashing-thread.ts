import { StoreError } from '../../../src/errors.ts';
import { serve } from '../../../src/backend/thread/thread-server.ts';

const methods = {
  double: (number: number) => 2 * number,
  fail: () => {
    throw new StoreError('DISK_FULL', 'no room', '/somewhere');
  },
  crash: () => {
    setImmediate(() => {
      throw new Error('this was not foreseen');
    });
    return new Promise(() => undefined);
  },
  spin: () => {
    for (;;);
  },
  close: () => undefined,
};
export type CrashingMethods = typeof methods;

serve(methods);
