import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerProcess } from '@katbus/cli/nats-server';
import { cqlAnswers } from './cql-line.ts';
import { dataOwner, ownData } from './data-owner.ts';
import { CassandraStartError } from './errors.ts';
import { findCassandra, jammAgent } from './jars.ts';
import { javaFlags } from './java-flags.ts';
import { checkPort } from './listen.ts';
import { nodeSettings, writeNodeFiles } from './node-files.ts';
import type { CassandraSettings, NodeAddress, RingPlace } from './node-files.ts';

export interface CassandraNodeOptions {
  /** Where its data, log and configuration are. */
  readonly home: string;
  readonly place: RingPlace;
  /** As Java has it: `1G`. */
  readonly heap: string;
  /** Keys of cassandra.yaml beside or instead of {@link nodeSettings}. */
  readonly settings?: CassandraSettings | undefined;
  /** It is for a test: up sooner, and slower then. */
  readonly isBrief?: boolean | undefined;
  readonly readyTimeoutMs?: number | undefined;
  readonly stopTimeoutMs?: number | undefined;
  readonly onLogLine?: ((line: string) => void) | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
}

const DEFAULTS = { readyTimeoutMs: 240_000, stopTimeoutMs: 60_000 };
/** Cassandra prints the reason before a trace of calls, Java its own before anything. */
const SAYS_WHY = /^\S+ ERROR |^Error|^Exception|^Unable to/;
const DAEMON = 'org.apache.cassandra.service.CassandraDaemon';

type NodeState =
  | { readonly name: 'stopped' }
  | { readonly name: 'running'; readonly process: ServerProcess }
  | { readonly name: 'paused'; readonly process: ServerProcess };

/** One node as a process of its own, that may be stopped, killed, frozen and started again on its data. It ends with this process. */
export class CassandraNode {
  readonly home: string;
  readonly address: NodeAddress;
  readonly #options: CassandraNodeOptions;
  #state: NodeState = { name: 'stopped' };

  constructor(options: CassandraNodeOptions) {
    const address = options.place.nodes[options.place.index];
    if (address === undefined) throw new Error(`no node ${options.place.index}`);
    this.home = resolve(options.home);
    this.address = address;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#state.name === 'stopped' ? undefined : this.#state.process.pid;
  }

  /** Its newest lines. */
  get log(): readonly string[] {
    return this.#state.name === 'stopped' ? [] : this.#state.process.log;
  }

  /** Settles when the process is gone, for whatever reason. */
  get exited(): Promise<unknown> {
    return this.#state.name === 'stopped' ? Promise.resolve() : this.#state.process.exited;
  }

  /**
   * Starts it, and waits until CQL answers.
   * @throws {CassandraStartError} in one line
   */
  async start(): Promise<void> {
    if (this.#state.name !== 'stopped') throw new Error('the node runs already');
    const { place, heap, settings, isBrief = false, onLogLine, onProgress } = this.#options;
    const { java, jars } = await findCassandra(onProgress);
    await this.#check();
    await writeNodeFiles(this.home, nodeSettings(place, settings));
    const flags = javaFlags({ agent: await jammAgent(jars), heap, home: this.home, isBrief });
    const words = [...flags, '-cp', join(jars, '*'), DAEMON];
    const errors: string[] = [];
    const process = new ServerProcess(java, words, (line) => {
      if (errors.length === 0 && SAYS_WHY.test(line)) errors.push(line);
      onLogLine?.(line);
    });
    this.#state = { name: 'running', process };
    void process.exited.then(() => {
      if (this.#state.name !== 'stopped' && this.#state.process === process)
        this.#state = { name: 'stopped' };
    });
    if (process.pid !== undefined) await ownData(this.home, process.pid);
    try {
      await this.#ready(process, errors);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** SIGTERM, upon which it drains; SIGKILL when it takes too long. */
  async stop(): Promise<void> {
    if (this.#state.name === 'stopped') return;
    this.resume();
    await this.#state.process.stop(this.#options.stopTimeoutMs ?? DEFAULTS.stopTimeoutMs);
  }

  /** SIGKILL. What it has acknowledged is in the system's cache of its log, and so is there again after `start`. */
  async kill(): Promise<void> {
    if (this.#state.name !== 'stopped') await this.#state.process.kill();
  }

  /** Freezes it: its sockets stay open and nothing answers, from when the promise resolves. */
  async pause(): Promise<void> {
    if (this.#state.name !== 'running') return;
    const { process } = this.#state;
    this.#state = { name: 'paused', process };
    this.#signal('SIGSTOP');
    while (!process.hasExited && !(await isFrozen(process.pid))) await delay(5);
  }

  resume(): void {
    if (this.#state.name !== 'paused') return;
    this.#signal('SIGCONT');
    this.#state = { name: 'running', process: this.#state.process };
  }

  #signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.pid !== undefined) process.kill(this.pid, name);
  }

  async #check(): Promise<void> {
    const owner = await dataOwner(this.home);
    if (owner !== undefined) {
      const message = `${this.home} is in use by the node with process number ${owner}`;
      throw new CassandraStartError('DATA_IN_USE', message);
    }
    await checkPort(this.address.host, this.address.port, 'port');
    await checkPort(this.address.host, this.address.storagePort, 'storage port');
  }

  async #ready(process: ServerProcess, errors: readonly string[]): Promise<void> {
    const timeoutMs = this.#options.readyTimeoutMs ?? DEFAULTS.readyTimeoutMs;
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (process.hasExited)
        throw new CassandraStartError('EXITED_AT_START', reasonOf(process, errors), process.log);
      if (await cqlAnswers(this.address)) return;
      await Promise.race([delay(100), process.exited]);
    }
    const message = `Cassandra did not answer on ${this.address.host}:${this.address.port} within ${timeoutMs} ms`;
    throw new CassandraStartError('NOT_READY_IN_TIME', message, process.log);
  }
}

function reasonOf({ spawnError, log }: ServerProcess, [error]: readonly string[]): string {
  const said =
    spawnError?.message ?? error ?? log.findLast((line) => line.trim() !== '') ?? 'it printed nothing';
  return `Cassandra ended at its start: ${said.replace(/^\d\d:\d\d:\d\d\.\d+ /, '')}`;
}

async function isFrozen(pid: number | undefined): Promise<boolean> {
  // `pid (name) state ...`, where the name may hold anything. Elsewhere than on Linux the signal is believed to act at once.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') T');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}
