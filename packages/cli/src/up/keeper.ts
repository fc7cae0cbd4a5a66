import { setTimeout as delay } from 'node:timers/promises';
import { PartEndedError, type Part, type RunningPart } from './part.ts';

export interface KeeperOptions {
  /** Waits before the first new start, doubling with each that fails. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  /** A program that lived so long was a good one: the count of failures begins again. */
  readonly settledMs?: number;
  /** Failures in a row, none of which lived long, after which the program is given up. */
  readonly mostFailures?: number;
}

export const KEEPER_DEFAULTS = {
  firstPauseMs: 500,
  longestPauseMs: 30_000,
  settledMs: 10_000,
  mostFailures: 3,
} as const satisfies Required<KeeperOptions>;

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'starting' }
  | { readonly name: 'up'; readonly running: RunningPart; readonly sinceMs: number }
  | { readonly name: 'pausing' }
  | { readonly name: 'ended' };

/** Keeps one part running: starts it again when it dies, with growing pauses, and gives up one that cannot stay up. */
export class Keeper {
  readonly part: Part;
  private readonly options: Required<KeeperOptions>;
  private readonly tell: (level: 'info' | 'warn', line: string) => void;
  private readonly stopWanted = new AbortController();
  private readonly firstUp = Promise.withResolvers<void>();
  private state: State = { name: 'idle' };
  private failures = 0;
  private life: Promise<void> = Promise.resolve();

  constructor(part: Part, tell: (level: 'info' | 'warn', line: string) => void, options: KeeperOptions = {}) {
    this.part = part;
    this.tell = tell;
    this.options = { ...KEEPER_DEFAULTS, ...options };
    this.firstUp.promise.catch(() => undefined);
  }

  /**
   * Resolves when the part is up for the first time.
   * @param onGivenUp told why when the part, now or later, cannot be kept running
   * @throws {PartEndedError} when it cannot even be brought up
   */
  start(onGivenUp: (error: PartEndedError) => void): Promise<void> {
    this.life = this.live().catch((error: unknown) => {
      this.state = { name: 'ended' };
      const givenUp =
        error instanceof PartEndedError ? error : new PartEndedError(String(error), { cause: error });
      this.firstUp.reject(givenUp);
      onGivenUp(givenUp);
    });
    return this.firstUp.promise;
  }

  /** Stops the part, in whatever state it is, and resolves when it is gone. */
  async stop(): Promise<void> {
    this.stopWanted.abort();
    if (this.state.name === 'up') await this.state.running.stop();
    await this.life;
    this.state = { name: 'ended' };
  }

  /** SIGKILL at once. */
  kill(): void {
    this.stopWanted.abort();
    if (this.state.name === 'up') this.state.running.kill();
  }

  private async live(): Promise<void> {
    while (!this.isStopping()) {
      const how = await this.liveOnce();
      if (this.isStopping()) return;
      const pauseMs = this.nextPauseMs(how);
      this.tell('warn', `ended (${how}): starting it again in ${pauseMs / 1000} s`);
      this.state = { name: 'pausing' };
      await delay(pauseMs, undefined, { signal: this.stopWanted.signal }).catch(() => undefined);
    }
  }

  /** @returns how it ended */
  private async liveOnce(): Promise<string> {
    const isRestart = this.state.name === 'pausing';
    this.state = { name: 'starting' };
    try {
      const running = await this.part.start(this.stopWanted.signal);
      this.state = { name: 'up', running, sinceMs: performance.now() };
      if (isRestart) this.tell('info', 'is up again');
      this.firstUp.resolve();
      return await running.ended;
    } catch (error) {
      if (this.isStopping()) return 'stopped';
      if (error instanceof PartEndedError && error.isFinal) throw error;
      return error instanceof Error ? error.message : String(error);
    }
  }

  private nextPauseMs(how: string): number {
    const { firstPauseMs, longestPauseMs, settledMs, mostFailures } = this.options;
    const lived = this.state.name === 'up' ? performance.now() - this.state.sinceMs : 0;
    this.failures = lived >= settledMs ? 1 : this.failures + 1;
    if (this.failures >= mostFailures) {
      throw new PartEndedError(`ended ${mostFailures} times in a row, the last time with ${how}`);
    }
    return Math.min(longestPauseMs, firstPauseMs * 2 ** (this.failures - 1));
  }

  private isStopping(): boolean {
    return this.stopWanted.signal.aborted;
  }
}
