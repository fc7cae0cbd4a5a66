import type { ComponentValue, SensorDefinition, UpdateOptions } from '@katbus/bus';
import type { Logger } from '@katbus/bus/daemon';
import type { Probe, Reading } from './probe.ts';

/** What a probe's sensors are published through: a broker, or a part of it. */
export interface SensorOutlet {
  /** @returns false when there may be no more sensors */
  addSensor(definition: SensorDefinition): boolean;
  update(name: string, value: ComponentValue, options: UpdateOptions): void;
}

export interface ProbeRunnerOptions {
  readonly probe: Probe;
  readonly outlet: SensorOutlet;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** After so long without an answer the probe's sensors are unreachable. */
  readonly readTimeoutMs: number;
}

/** Has one probe look, and publishes what it saw. A probe that hangs or fails disturbs no other. */
export class ProbeRunner {
  private readonly options: ProbeRunnerOptions;
  private readonly offered = new Set<string>();
  private readonly published = new Set<string>();
  private readonly refused = new Set<string>();
  /** A look that is late may still be under way when its sensors have been given up: no second one is started. */
  private activity: 'idle' | 'looking' = 'idle';
  private health: 'well' | 'failing' = 'well';

  constructor(options: ProbeRunnerOptions) {
    this.options = options;
  }

  /** Never throws. Does nothing while the look before is under way. */
  async look(): Promise<void> {
    if (this.activity === 'looking') return;
    this.activity = 'looking';
    const looking = this.readNow().finally(() => {
      this.activity = 'idle';
    });
    try {
      this.publish(await withinTime(looking, this.options.readTimeoutMs));
      this.recover();
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private async readNow(): Promise<readonly Reading[]> {
    return this.options.probe.read();
  }

  private publish(readings: readonly Reading[]): void {
    this.addNewSensors();
    const valueTime = Date.now() / 1000;
    const gone = new Set(this.published);
    for (const { sensor, value, status = 'nominal' } of readings) {
      gone.delete(sensor);
      if (this.offered.has(sensor)) this.update(sensor, value, { status, valueTime });
    }
    for (const sensor of gone) this.update(sensor, null, { status: 'unreachable', valueTime });
  }

  private addNewSensors(): void {
    for (const definition of this.options.probe.sensors()) {
      if (!this.offered.has(definition.name) && this.options.outlet.addSensor(definition)) {
        this.offered.add(definition.name);
      }
    }
  }

  private update(sensor: string, value: ComponentValue, options: UpdateOptions): void {
    try {
      this.options.outlet.update(sensor, value, options);
      this.published.add(sensor);
    } catch (error) {
      if (this.refused.has(sensor)) return;
      this.refused.add(sensor);
      this.options.logger.warn(`${this.options.probe.name}: ${String(error)}`);
    }
  }

  private fail(reason: string): void {
    if (this.health === 'well')
      this.options.logger.warn(`${this.options.probe.name}: nothing can be read: ${reason}`);
    this.health = 'failing';
    this.addNewSensors();
    for (const sensor of this.offered) this.update(sensor, null, { status: 'unreachable' });
  }

  private recover(): void {
    if (this.health === 'failing') this.options.logger.info(`${this.options.probe.name}: read again`);
    this.health = 'well';
  }
}

async function withinTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  // When it is late, its end, whatever that will be, is of no interest any more.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
