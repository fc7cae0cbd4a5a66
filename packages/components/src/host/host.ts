import type { Broker, SensorDefinition } from '@katbus/bus';
import type { Logger } from '@katbus/bus/daemon';
import { everyAligned } from '@katbus/protocol';
import type { Probe } from './probe.ts';
import { ProbeRunner, type SensorOutlet } from './probe-runner.ts';

export interface HostOptions {
  readonly broker: Pick<Broker, 'addSensor' | 'update'>;
  readonly probes: readonly Probe[];
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Seconds between two looks, which fall on whole multiples of it: with 1, on the second. */
  readonly intervalSeconds?: number;
  /** How long a probe may take before its sensors are unreachable. */
  readonly readTimeoutMs?: number;
  /** Sensors beyond this are left out, and the log says so once: a machine with thousands of mounts would flood the bus. */
  readonly mostSensors?: number;
}

export const HOST_DEFAULTS = { intervalSeconds: 1, readTimeoutMs: 5_000, mostSensors: 2_000 } as const;

/** The component `host`: has its probes look at the machine each interval. */
export class Host {
  private readonly stopLooking: () => void;

  private constructor(runners: readonly ProbeRunner[], intervalMs: number) {
    this.stopLooking = everyAligned(intervalMs, () => {
      for (const runner of runners) void runner.look();
    });
  }

  /** Resolves when every probe has looked once: its sensors are known then. */
  static async start(options: HostOptions): Promise<Host> {
    const { broker, probes, logger, intervalSeconds, readTimeoutMs, mostSensors } = {
      ...HOST_DEFAULTS,
      ...options,
    };
    const outlet = boundedOutlet(broker, mostSensors, logger);
    const runners = probes.map((probe) => new ProbeRunner({ probe, outlet, logger, readTimeoutMs }));
    await Promise.all(runners.map((runner) => runner.look()));
    return new Host(runners, intervalSeconds * 1000);
  }

  stop(): void {
    this.stopLooking();
  }
}

function boundedOutlet(
  broker: HostOptions['broker'],
  mostSensors: number,
  logger: Pick<Logger, 'warn'>,
): SensorOutlet {
  let sensors = 0;
  let isFull = false;
  return {
    addSensor: (definition: SensorDefinition) => {
      if (sensors >= mostSensors) {
        if (!isFull) logger.warn(`there are more than ${mostSensors} sensors: the rest is left out`);
        isFull = true;
        return false;
      }
      broker.addSensor(definition);
      sensors += 1;
      return true;
    },
    update: (name, value, options) => broker.update(name, value, options),
  };
}
