import { parentPort } from 'node:worker_threads';
import type { ExpressionAnswer, ExpressionJob } from './expression-worker.ts';

/** The far end of {@link ExpressionWorker}: runs expressions that may hang, in a thread that may be killed. */

let last: RegExp | undefined;

function run({ source, texts }: ExpressionJob): ExpressionAnswer {
  const beganMs = performance.now();
  try {
    if (last?.source !== source) last = new RegExp(source);
    const expression = last;
    const matches = Uint8Array.from(texts, (text) => (expression.test(text) ? 1 : 0));
    return { matches, tookMs: performance.now() - beganMs };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (job: ExpressionJob) => parentPort?.postMessage(run(job)));
parentPort?.postMessage('ready');
