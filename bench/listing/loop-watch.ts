import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FromLoopWatch } from './loop-watch-messages.ts';

// Preloaded into a daemon (`--import`) by bench/listing.ts: tells, over IPC, the longest turn of its loop since it was asked last.

const RESOLUTION_MS = 1;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

process.on('message', () => {
  const answer: FromLoopWatch = { type: 'turns', longestMs: delays.max / 1e6 - RESOLUTION_MS };
  delays.reset();
  process.send?.(answer);
});
