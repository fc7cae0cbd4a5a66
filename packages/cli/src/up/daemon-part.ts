import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_CODES } from '../cli-error.ts';
import { exitText, PartEndedError, type Part, type RunningPart } from './part.ts';

export interface DaemonPartOptions {
  /** As on the command line: `katbus <name>`. */
  readonly name: string;
  readonly arguments: readonly string[];
  /** `http://127.0.0.1:8091/readyz` */
  readonly readyUrl: string;
  /** What it prints: log lines as JSON, and whatever Node itself has to say. */
  readonly onLine: (line: string) => void;
  /** Told once when it takes long to be ready, with the reason that it gives. */
  readonly onSlow: (reason: string) => void;
}

const MAIN = new URL('../main.ts', import.meta.url);
const ASK_EACH_MS = 50;
const SLOW_AFTER_MS = 15_000;

/** A daemon of ours as a child process. It notices by its IPC channel when this process is gone, and then stops by itself. */
export class DaemonPart implements Part {
  readonly name: string;
  private readonly options: DaemonPartOptions;

  constructor(options: DaemonPartOptions) {
    this.name = options.name;
    this.options = options;
  }

  async start(signal: AbortSignal): Promise<RunningPart> {
    const child = fork(MAIN, [this.name, ...this.options.arguments], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Its own process group: Ctrl-C in the terminal reaches only us, and we stop the daemons in order.
      detached: true,
    });
    const ended = this.watch(child);
    const running: RunningPart = {
      ended: ended.then(({ how }) => how),
      stop: async () => {
        child.kill('SIGTERM');
        await ended;
      },
      kill: () => child.kill('SIGKILL'),
    };
    const stop = () => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    const isReady = new AbortController();
    try {
      await Promise.race([this.ready(isReady.signal), ended.then(endedTooEarly)]);
      return running;
    } finally {
      isReady.abort();
      signal.removeEventListener('abort', stop);
    }
  }

  private async watch(child: ChildProcess): Promise<{ readonly how: string; readonly code: number | null }> {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', this.options.onLine);
    }
    const { promise, resolve } = Promise.withResolvers<{ how: string; code: number | null }>();
    child.once('error', (error) => resolve({ how: error.message, code: null }));
    // `close` comes after the last line of its output, which says why.
    child.once('close', (code, exitSignal) => resolve({ how: exitText(code, exitSignal), code }));
    return promise;
  }

  private async ready(signal: AbortSignal): Promise<void> {
    const slowAt = performance.now() + SLOW_AFTER_MS;
    let isSlow = false;
    for (;;) {
      const reason = await notReadyReason(this.options.readyUrl);
      if (reason === undefined || signal.aborted) return;
      if (!isSlow && performance.now() > slowAt) {
        isSlow = true;
        this.options.onSlow(reason);
      }
      await delay(ASK_EACH_MS);
    }
  }
}

/** The same wrong command line would be refused again. */
function endedTooEarly({ how, code }: { readonly how: string; readonly code: number | null }): never {
  throw new PartEndedError(how, { isFinal: code === EXIT_CODES.usage });
}

/** Why a daemon is not ready, by its `/readyz`; undefined when it is. */
async function notReadyReason(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    const text = (await response.text()).trim();
    return response.ok ? undefined : text;
  } catch {
    return 'it does not answer yet';
  }
}
