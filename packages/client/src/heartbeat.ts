export interface HeartbeatOptions {
  readonly quietMs: number;
  readonly signTimeoutMs: number;
}

/**
 * Notices a connection that is dead without having been closed (a cable, a suspended laptop, a proxy that forgot).
 *
 * Browsers can neither send nor see pings, so a quiet connection is asked something; any frame counts as a sign of life.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #ask: () => void;
  readonly #onDead: () => void;
  #heardMs = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HeartbeatOptions, ask: () => void, onDead: () => void) {
    this.#options = options;
    this.#ask = ask;
    this.#onDead = onDead;
    if (options.quietMs > 0) this.#listen(options.quietMs);
  }

  /** A frame came. Called for every one, so it must cost next to nothing: no timer is touched. */
  heard(): void {
    this.#heardMs = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #listen(delayMs: number): void {
    this.#timer = setTimeout(() => this.#look(), delayMs);
  }

  #look(): void {
    const restMs = this.#heardMs + this.#options.quietMs - performance.now();
    if (restMs > 0) this.#listen(restMs);
    else this.#probe();
  }

  #probe(): void {
    const askedMs = performance.now();
    this.#timer = setTimeout(() => {
      if (this.#heardMs > askedMs) this.#look();
      else this.#onDead();
    }, this.#options.signTimeoutMs);
    // Last, because asking may find the connection gone and stop this heartbeat.
    this.#ask();
  }
}
