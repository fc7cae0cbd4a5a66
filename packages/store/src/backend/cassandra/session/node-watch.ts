import type { Client, Host } from 'cassandra-driver';
import { BootMarks } from './boot-marks.ts';
import type { SessionNews, SessionState } from './session-news.ts';

/** Answers in time for so long, after one that was not, are an end of that. */
const CALM_MS = 5_000;
const BOOT_SELECT = 'SELECT gossip_generation FROM system.local';
const BOOT_TIMEOUT_MS = 5_000;

/** Watches the nodes of a connected client: which can be reached, whether they answer, and whether one was booted anew. */
export class NodeWatch {
  readonly #client: Client;
  readonly #tell: (news: SessionNews) => void;
  readonly #boots: BootMarks;
  readonly #timer: NodeJS.Timeout;
  #state: SessionState = 'connected';
  #sinceMs = performance.now();
  /** When a request last was not answered in time; undefined: answers come again. */
  #hanging: { readonly lastMs: number; readonly why: string } | undefined;
  /** Whether a node has answered since none could be reached: one that is starting takes connections, and drops them again. */
  #hasAnswered = true;

  constructor(client: Client, bootCheckMs: number, tell: (news: SessionNews) => void) {
    this.#client = client;
    this.#tell = tell;
    this.#boots = new BootMarks((node) => this.#askBoot(node));
    for (const event of ['hostUp', 'hostDown', 'hostAdd', 'hostRemove']) {
      client.on(event, () => this.#look());
    }
    client.on('hostUp', (host: Host) => void this.#checkBoots([host.address]));
    this.#timer = setInterval(() => void this.#checkBoots(this.#reachable()), bootCheckMs);
    this.#timer.unref();
    // Those that are down already when it begins.
    this.#look();
  }

  get state(): SessionState {
    return this.#state;
  }

  get nodes(): { readonly all: number; readonly down: readonly string[] } {
    const hosts = this.#hosts();
    return {
      all: hosts.length,
      down: hosts.filter((host) => !host.isUp()).map(({ address }) => address),
    };
  }

  /** Remembers of each node which life of it this is. */
  async begin(): Promise<void> {
    await this.#checkBoots(this.#reachable());
  }

  /** A request was answered. */
  answered(): void {
    if (!this.#hasAnswered) {
      this.#hasAnswered = true;
      this.#look();
    }
    if (this.#hanging === undefined || performance.now() - this.#hanging.lastMs < CALM_MS) return;
    this.#hanging = undefined;
    this.#look();
  }

  /** A request was not answered in time, or that the node cannot. */
  unanswered(why: string): void {
    const first = this.#hanging === undefined;
    this.#hanging = { lastMs: performance.now(), why };
    if (first) this.#look();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#client.removeAllListeners();
  }

  #look(): void {
    const { all, down } = this.nodes;
    const state = this.#stateOf(all, down.length);
    if (state === this.#state) return;
    const seconds = ((performance.now() - this.#sinceMs) / 1000).toFixed(1);
    const was = this.#state;
    this.#state = state;
    this.#sinceMs = performance.now();
    if (state === 'disconnected') this.#hasAnswered = false;
    this.#tell({ type: 'state', state, message: this.#messageOf(state, was, seconds, all, down) });
  }

  #stateOf(all: number, down: number): SessionState {
    if (down === all || !this.#hasAnswered) return 'disconnected';
    if (this.#hanging !== undefined) return 'hanging';
    return down > 0 ? 'degraded' : 'connected';
  }

  #messageOf(
    state: SessionState,
    was: SessionState,
    seconds: string,
    all: number,
    down: readonly string[],
  ): string {
    switch (state) {
      case 'connected':
        return `Cassandra: all is well again, after ${seconds} s (${was})`;
      case 'degraded':
        return `Cassandra: ${down.length} of ${all} nodes cannot be reached: ${down.join(', ')}`;
      case 'hanging':
        return `Cassandra: answers are late or fail: ${this.#hanging?.why}`;
      case 'disconnected':
        return `Cassandra: no node can be reached (${down.join(', ')}); it is tried again all the time`;
    }
  }

  async #checkBoots(nodes: readonly string[]): Promise<void> {
    for (const { node, knownUntilMs } of await this.#boots.check(nodes)) {
      const message = `Cassandra: node ${node} was booted anew; it was last seen before that at ${new Date(knownUntilMs).toISOString()}`;
      this.#tell({ type: 'booted', node, knownUntilMs, message });
    }
  }

  async #askBoot(node: string): Promise<number | undefined> {
    const host = this.#hosts().find(({ address }) => address === node);
    if (host?.isUp() !== true) return undefined;
    try {
      const options = { host, prepare: false, readTimeout: BOOT_TIMEOUT_MS };
      const answer = await this.#client.execute(BOOT_SELECT, [], options);
      this.answered();
      const boot: unknown = answer.first()?.gossip_generation;
      return typeof boot === 'number' ? boot : undefined;
    } catch {
      // It is asked again; what the matter is, requests find out.
      return undefined;
    }
  }

  #reachable(): string[] {
    return this.#hosts()
      .filter((host) => host.isUp())
      .map(({ address }) => address);
  }

  /** Of the data center that is used. */
  #hosts(): Host[] {
    const { localDataCenter } = (this.#client as unknown as { options: { localDataCenter?: string } })
      .options;
    return this.#client.hosts.values().filter(({ datacenter }) => datacenter === localDataCenter);
  }
}
