import { beforeEach, expect, test } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { Thread } from '../../../src/backend/thread/thread.ts';
import type { CrashingMethods } from './crashing-thread.ts';

const nothing = undefined as never;
let thread: Thread<CrashingMethods>;

beforeEach(() => {
  thread = new Thread('test', new URL('./crashing-thread.ts', import.meta.url), undefined);
  return () => thread.close();
});

test('answers each call with its own result', async () => {
  expect(await Promise.all([1, 2, 3].map((number) => thread.call('double', number)))).toEqual([2, 4, 6]);
});

test('errors cross with their class, code and path', async () => {
  const error: unknown = await thread.call('fail', nothing).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({
    code: 'DISK_FULL',
    message: 'no room',
    path: '/somewhere',
    isRetryable: true,
  });
});

test('a thread that dies rejects what is under way and all that comes after, not to be tried again', async () => {
  const waiting = thread.call('crash', nothing);
  await expect(waiting).rejects.toMatchObject({
    code: 'CRASHED',
    isRetryable: false,
    message: expect.stringContaining('this was not foreseen') as string,
  });
  await expect(thread.call('double', 1)).rejects.toMatchObject({ code: 'CRASHED' });
  expect(thread.hasCrashed).toBe(true);
});

test('close lets earlier calls finish and refuses later ones', async () => {
  const before = thread.call('double', 21);
  const closing = thread.close();
  await expect(thread.call('double', 1)).rejects.toMatchObject({ code: 'CLOSED' });
  await closing;
  expect(await before).toBe(42);
  expect(thread.hasCrashed).toBe(false);
});

test('close ends a thread that is busy for ever, after its time', async () => {
  const spinning = new Thread<CrashingMethods>(
    'test',
    new URL('./crashing-thread.ts', import.meta.url),
    undefined,
    200,
  );
  const call = spinning.call('spin', nothing).catch((error: unknown) => error);
  await spinning.close();
  expect(await call).toMatchObject({ code: 'CLOSED' });
});
