import type { Logger } from '@katbus/bus/daemon';
import { addCounters, type ComponentCounters } from '../component-metrics.ts';
import { BusTrouble } from './bus-trouble.ts';
import { LiveComponent, type Connect } from './live-component.ts';
import { Pacer } from './pacer.ts';
import type { TelescopeModel } from './telescope-model.ts';

export interface TelescopeOptions {
  readonly model: TelescopeModel;
  readonly connect: Connect;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** How often each sensor is read, per second. */
  readonly rate: number;
  /** How much faster than real time the model's own time runs. */
  readonly speed: number;
}

const TICK_MS = 20;
const PROGRESS_EACH_MS = 2_000;
const JOINING_AT_ONCE = 8;

/** The telescope on the bus: moves the model on with time, reads its sensors evenly, takes components off and on as they lose power. */
export class Telescope {
  /** Settles when all components have joined, or rejects with why one could not. */
  readonly joined: Promise<void>;
  /** Rejects when another process has taken the name of a component. */
  readonly nameLost: Promise<never>;
  private readonly options: TelescopeOptions;
  private readonly components: readonly LiveComponent[];
  private readonly trouble: BusTrouble;
  private readonly pacer: Pacer;
  private readonly startsAtMs = performance.now();
  private readonly modelStart: number;
  private readonly timer: NodeJS.Timeout;
  private state: 'joining' | 'running' | 'stopping' = 'joining';

  constructor(options: TelescopeOptions) {
    const { model, connect, logger, rate } = options;
    this.options = options;
    this.modelStart = model.now;
    this.trouble = new BusTrouble(logger);
    const nameLost = Promise.withResolvers<never>();
    this.nameLost = nameLost.promise;
    this.components = model.components.map(
      (component) =>
        new LiveComponent({
          model: component,
          connect,
          onEvent: (event) => this.trouble.take(component.name, event),
          onNameLost: nameLost.reject,
        }),
    );
    this.pacer = new Pacer({
      count: model.sensorCount,
      ratePerSecond: rate,
      deal: inTurn(this.components),
    });
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.joined = this.joinAll();
  }

  /** Why it is not whole on the bus, or undefined when it is. */
  get reason(): string | undefined {
    if (this.state === 'joining')
      return `${this.liveCount} of ${this.components.length} components have joined the bus`;
    return this.trouble.reason;
  }

  get liveCount(): number {
    return this.components.filter(({ isLive }) => isLive).length;
  }

  get counters(): ComponentCounters {
    return addCounters(this.components.flatMap(({ counters }) => (counters === undefined ? [] : [counters])));
  }

  /** Readings that were left out because the process could not keep up. */
  get skipped(): number {
    return this.pacer.skipped;
  }

  /** Every component leaves the bus; what they sent gets its time to be acknowledged. */
  async stop(): Promise<void> {
    this.state = 'stopping';
    clearInterval(this.timer);
    await Promise.all(this.components.map((component) => component.want(false)));
  }

  private tick(): void {
    const seconds = (performance.now() - this.startsAtMs) / 1000;
    this.options.model.advance(this.modelStart + seconds * this.options.speed);
    // Those that have joined have their first values; what the others still need comes first.
    if (this.state === 'joining') return;
    this.pacer.advance(seconds);
    this.followPower();
  }

  private followPower(): void {
    for (const component of this.components) {
      component.want(component.model.isOn()).catch((error: unknown) => {
        this.options.logger.error(`${component.model.name} cannot join the bus again: ${String(error)}`);
      });
      if (!component.model.isOn()) this.trouble.forget(component.model.name);
    }
  }

  private async joinAll(): Promise<void> {
    const { logger, model } = this.options;
    const isLarge = model.sensorCount > 10_000;
    const progress = setInterval(() => {
      const { sensors } = this.counters;
      logger.info(
        `${sensors} of ${model.sensorCount} sensors made, ${this.liveCount} of ${this.components.length} components`,
      );
    }, PROGRESS_EACH_MS);
    if (!isLarge) clearInterval(progress);
    try {
      const [first, ...others] = this.components;
      // Alone at first: when there is no server yet one line says so, not one a component.
      await first?.want(true);
      const next = others.values();
      await Promise.all(Array.from({ length: JOINING_AT_ONCE }, () => this.joinEach(next)));
      if (this.state === 'joining') this.state = 'running';
    } finally {
      clearInterval(progress);
    }
  }

  private async joinEach(next: Iterator<LiveComponent>): Promise<void> {
    for (let entry = next.next(); entry.done !== true && this.state === 'joining'; entry = next.next()) {
      await entry.value.want(true);
    }
  }
}

/** Updates the sensor at each place, counted over all components one after the other; the places come in turn. */
function inTurn(components: readonly LiveComponent[]): (place: number) => void {
  let number = 0;
  let first = 0;
  return (place) => {
    if (place < first) {
      number = 0;
      first = 0;
    }
    let component = components[number];
    while (component !== undefined && place >= first + component.model.feeds.length) {
      first += component.model.feeds.length;
      component = components[++number];
    }
    component?.update(place - first);
  };
}
