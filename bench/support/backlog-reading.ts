import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../tools/free-ports.ts';
import { cpuSeconds } from './process-usage.ts';

const KATBUS = new URL('../../packages/cli/src/main.ts', import.meta.url);

/** Metrics cost the store some milliseconds to tell. */
const LOOK_EACH_MS = 250;

export interface BacklogReading {
  readonly samplesASecond: number;
  /** Processor time a sample, of the store. */
  readonly cpuUs: number;
  /** The same, of another process that was watched. */
  readonly otherCpuUs: number;
}

export interface ReadingOptions {
  /** After `katbus store`. */
  readonly words: readonly string[];
  readonly samples: number;
  /** Of a process whose processor time is watched. */
  readonly otherPid?: number | undefined;
  /** Where the profiles of its threads go. */
  readonly profileFolder?: string | undefined;
}

/** How fast `katbus store`, a process of its own, stores what is in the stream: from the first batch that is stored until the last is. */
export async function readBacklog(
  nats: string,
  { words, samples, otherPid, profileFolder }: ReadingOptions,
): Promise<BacklogReading> {
  const port = await freePort();
  const options = [
    '--nats',
    nats,
    '--monitoring-port',
    String(port),
    '--log-level',
    'warn',
    '--lease-seconds',
    '60',
  ];
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileFolder];
  const store = fork(KATBUS, ['store', ...options, ...words], {
    stdio: 'inherit',
    execArgv: [...process.execArgv, ...profiling],
  });
  try {
    const begun = await progress(store, port, 1, otherPid);
    const ended = await progress(store, port, samples, otherPid);
    const stored = ended.samples - begun.samples;
    return {
      samplesASecond: stored / (ended.atSeconds - begun.atSeconds),
      cpuUs: ((ended.cpuSeconds - begun.cpuSeconds) / stored) * 1e6,
      otherCpuUs: ((ended.otherCpuSeconds - begun.otherCpuSeconds) / stored) * 1e6,
    };
  } finally {
    store.kill('SIGTERM');
    if (store.exitCode === null) await once(store, 'exit');
  }
}

interface Progress {
  readonly samples: number;
  readonly atSeconds: number;
  readonly cpuSeconds: number;
  readonly otherCpuSeconds: number;
}

async function progress(
  store: ChildProcess,
  port: number,
  least: number,
  otherPid: number | undefined,
): Promise<Progress> {
  for (;;) {
    await delay(LOOK_EACH_MS);
    if (store.exitCode !== null) throw new Error('katbus store has ended');
    const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    const count = /^katbus_store_samples_total (\d+)$/m.exec((await response?.text()) ?? '')?.[1];
    if (Number(count ?? 0) < least) continue;
    return {
      samples: Number(count),
      atSeconds: performance.now() / 1000,
      cpuSeconds: cpuSeconds(store.pid!),
      otherCpuSeconds: otherPid === undefined ? NaN : cpuSeconds(otherPid),
    };
  }
}
