import { parentPort } from 'node:worker_threads';
import { toFault, type ThreadAnswer, type ThreadMethods, type ThreadRequest } from './thread-protocol.ts';

/**
 * The far end of a worker thread: answers calls. Synchronous methods run one after the other; asynchronous ones may interleave.
 * @param idle runs after each answer is on its way, when no other call has come meanwhile; what it throws is dropped, because the
 * next call meets the same fault and reports it
 */
export function serve(methods: ThreadMethods, idle?: () => void): void {
  const port = parentPort;
  if (port === null) throw new Error('this file is for a worker thread');
  let waiting = 0;
  const answer = (message: ThreadAnswer) => {
    waiting--;
    port.postMessage(message);
    if (idle === undefined || waiting > 0) return;
    try {
      idle();
    } catch {
      // See above.
    }
  };
  port.on('message', ({ id, method, argument }: ThreadRequest) => {
    waiting++;
    // The callback runs synchronously up to the first await: calls are begun in the order in which they came.
    void (async () => {
      try {
        answer({ id, result: await methods[method]!(argument as never) });
      } catch (error) {
        answer({ id, fault: toFault(error) });
      }
    })();
  });
}
