import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const KATBUS = new URL('../../packages/cli/src/main.ts', import.meta.url);
const READY_WITHIN_MS = 60_000;

/** A process of the benchmark, with which it speaks over IPC. */
export class Child<To extends object, From extends { readonly type: string }> {
  readonly pid: number;
  private readonly process: ChildProcess;
  private readonly exited: Promise<unknown>;

  /** @param preload a module that runs before the process's own */
  constructor(file: URL, words: readonly string[] = [], preload?: URL) {
    this.process = fork(file, [...words], {
      execArgv: preload === undefined ? [] : ['--import', preload.href],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.pid = this.process.pid ?? 0;
    this.exited = once(this.process, 'exit');
  }

  tell(message: To): void {
    this.process.send(message);
  }

  /** The next message of a type. @throws when the process ends before it comes */
  async answer<Type extends From['type']>(type: Type): Promise<Extract<From, { type: Type }>> {
    const found = Promise.withResolvers<Extract<From, { type: Type }>>();
    const listener = (message: unknown) => {
      if ((message as From).type === type) found.resolve(message as Extract<From, { type: Type }>);
    };
    this.process.on('message', listener);
    try {
      const ended = this.exited.then(() => Promise.reject(new Error(`process ${this.pid} has ended`)));
      return await Promise.race([found.promise, ended]);
    } finally {
      this.process.off('message', listener);
    }
  }

  ask<Type extends From['type']>(message: To, type: Type): Promise<Extract<From, { type: Type }>> {
    const answer = this.answer(type);
    this.tell(message);
    return answer;
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.process.kill(signal);
    if (signal !== 'SIGKILL') this.process.kill('SIGCONT');
    await this.exited;
  }
}

/** A daemon, as `katbus <name>` starts it. Resolves when it says that it is ready. */
export async function startDaemon<To extends object = never, From extends { readonly type: string } = never>(
  words: readonly string[],
  readyUrl: string,
  preload?: URL,
): Promise<Child<To, From>> {
  const child = new Child<To, From>(KATBUS, [...words, '--log-level', 'warn'], preload);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(readyUrl))) {
    if (performance.now() > deadline)
      throw new Error(`${words[0]} is not ready within ${READY_WITHIN_MS / 1000} s`);
    await delay(50);
  }
  return child;
}

async function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
