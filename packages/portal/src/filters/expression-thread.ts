import { parentPort } from 'node:worker_threads';
import type { ExpressionAnswer, ExpressionJob } from './expression-worker.ts';

/** The far end of {@link ExpressionWorker}: runs expressions that may hang, in a thread that may be killed. */

let last: RegExp | undefined;

function run({ source, text, ends }: ExpressionJob): ExpressionAnswer {
  const beganMs = performance.now();
  try {
    if (last?.source !== source) last = new RegExp(source);
    const expression = last;
    const matches = new Uint8Array(ends.length);
    let start = 0;
    for (const [place, end] of ends.entries()) {
      if (expression.test(text.slice(start, end))) matches[place] = 1;
      start = end;
    }
    return { matches, tookMs: performance.now() - beganMs };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (job: ExpressionJob) => parentPort?.postMessage(run(job)));
parentPort?.postMessage('ready');
