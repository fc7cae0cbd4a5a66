import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SensorDefinition } from '@katbus/bus';
import type { Probe, Reading } from '../probe.ts';
import { Rate, steadySeconds } from '../rate.ts';
import { statusAbove, THRESHOLDS } from '../thresholds.ts';

const RESOLUTION_MS = 10;

const SENSORS: readonly SensorDefinition[] = [
  {
    name: 'process.event-loop.delay',
    type: 'float',
    units: 'ms',
    description:
      "Longest that this component's event loop was held up in the last interval: readings are late by it",
    // A tenth of a millisecond more or less says nothing.
    sampling: { deadBand: 0.5 },
  },
  {
    name: 'process.cpu',
    type: 'float',
    units: '%',
    description: 'Processor time that this component takes, of one core',
    sampling: { deadBand: 0.2 },
  },
  {
    name: 'process.memory',
    type: 'integer',
    units: 'B',
    description: 'Memory that this component holds (resident set)',
    sampling: { deadBand: { relative: 0.01 } },
  },
];

/** The component's own process: what measures must not be the load. */
export class OwnProcessProbe implements Probe {
  readonly name = 'own process';
  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly cpu = new Rate();
  private looks = 0;

  constructor() {
    this.delay.enable();
  }

  sensors(): readonly SensorDefinition[] {
    return SENSORS;
  }

  read(): Reading[] {
    const longestMs = this.longestDelayMs();
    this.looks += 1;
    const { user, system } = process.cpuUsage();
    const cores = this.cpu.next((user + system) / 1e6, steadySeconds());
    return [
      // Until the first look the program was being loaded, which says nothing about what follows.
      ...(this.looks === 1
        ? []
        : [
            {
              sensor: 'process.event-loop.delay',
              value: longestMs,
              status: statusAbove(longestMs, THRESHOLDS.eventLoopDelayMs),
            },
          ]),
      ...(cores === undefined ? [] : [{ sensor: 'process.cpu', value: Math.round(cores * 1000) / 10 }]),
      { sensor: 'process.memory', value: process.memoryUsage.rss() },
    ];
  }

  /** The histogram counts the time between two of its timers, which is its resolution when nothing holds them up. */
  private longestDelayMs(): number {
    const { max, count } = this.delay;
    this.delay.reset();
    if (count === 0) return 0;
    return Math.round(Math.max(0, max / 1e6 - RESOLUTION_MS) * 100) / 100;
  }
}
