import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FromLoopWatch } from './loop-watch-messages.ts';

// Preloaded into a daemon (`--import`) by bench/listing.ts: tells, over IPC, the longest turn of its loop since it was asked last.

const RESOLUTION_MS = 1;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

// A timer that is due in each turn of the loop: what the thread has worked between two of them is the turn.
let longestCpuUs = 0;
let lastUs = threadUs();
setInterval(() => {
  const nowUs = threadUs();
  longestCpuUs = Math.max(longestCpuUs, nowUs - lastUs);
  lastUs = nowUs;
}, RESOLUTION_MS).unref();

process.on('message', () => {
  const answer: FromLoopWatch = {
    type: 'turns',
    longestMs: delays.max / 1e6 - RESOLUTION_MS,
    longestCpuMs: longestCpuUs / 1e3,
  };
  delays.reset();
  longestCpuUs = 0;
  process.send?.(answer);
});

function threadUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
