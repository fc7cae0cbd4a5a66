import { DISTURBANCES, type DisturbanceKind } from './disturbances.ts';
import type { Feed } from './feed.ts';
import type { Random } from './random.ts';
import type { Receptor } from './receptor.ts';

/** A receptor with the sensors that it has. */
export interface FaultTarget {
  readonly receptor: Receptor;
  readonly feeds: readonly Feed[];
}

/** A fault that has begun. */
export interface FaultEffect {
  /** What it befell: a receptor or one of its sensors. */
  readonly what: string;
  /** Repaired. @param now Unix seconds */
  end(now: number): void;
}

export interface FaultKind {
  /** In words, to be read after the name of what it befell. */
  readonly text: string;
  /** In the whole array, on average, with `--faults 1`. */
  readonly anHour: number;
  readonly lastsSeconds: readonly [number, number];
  /** @returns undefined when it cannot befall this receptor now */
  readonly begin: (target: FaultTarget, random: Random) => FaultEffect | undefined;
}

/** What goes wrong with the telescope. Together about one a minute, so that whoever looks for some minutes sees some. */
export const FAULT_KINDS = {
  cryoTrip: {
    text: 'its cryogenic compressor has tripped',
    anHour: 4,
    lastsSeconds: [300, 600],
    begin({ receptor: { name, receiver } }) {
      if (receiver.compressor === 'tripped') return undefined;
      receiver.compressor = 'tripped';
      return { what: name, end: () => void (receiver.compressor = 'running') };
    },
  },
  driveFailure: {
    text: 'its drives have failed',
    anHour: 4,
    lastsSeconds: [120, 400],
    begin({ receptor: { name, positioner } }) {
      if (positioner.drives === 'failed') return undefined;
      positioner.drives = 'failed';
      return { what: name, end: () => void (positioner.drives = 'working') };
    },
  },
  clockLost: {
    text: 'its sample clock is not locked',
    anHour: 4,
    lastsSeconds: [10, 40],
    begin({ receptor: { name, digitiser } }) {
      if (digitiser.clock === 'lost') return undefined;
      digitiser.clock = 'lost';
      return { what: name, end: () => void (digitiser.clock = 'locked') };
    },
  },
  powerGlitch: {
    text: 'has lost power: its component leaves the bus, and comes back',
    anHour: 3,
    lastsSeconds: [10, 30],
    begin({ receptor }) {
      if (receptor.power === 'off') return undefined;
      receptor.power = 'off';
      return { what: receptor.name, end: (now) => receptor.boot(now) };
    },
  },
  unreachable: ofSensor('unreachable', 'cannot be reached', 12, [20, 120]),
  nan: ofSensor('nan', 'reads NaN', 8, [5, 30]),
  stuck: ofSensor('stuck', 'is stuck', 6, [60, 300]),
  flapping: ofSensor('flapping', 'flaps between nominal and warn', 6, [15, 60]),
  spike: ofSensor('spike', 'reads a spike', 12, [1, 2]),
} as const satisfies Record<string, FaultKind>;
export type FaultName = keyof typeof FAULT_KINDS;
export const FAULT_NAMES = Object.keys(FAULT_KINDS) as FaultName[];

/** A fault of one sensor, a float: texts and switches do not drift, spike or become NaN. */
function ofSensor(
  kind: DisturbanceKind,
  text: string,
  anHour: number,
  lastsSeconds: readonly [number, number],
): FaultKind {
  return {
    text,
    anHour,
    lastsSeconds,
    begin({ receptor, feeds }, random) {
      const free = feeds.filter((feed) => feed.disturbance === undefined && feed.definition.type === 'float');
      const feed = random.pick(free);
      if (feed === undefined) return undefined;
      const disturbance = DISTURBANCES[kind](random);
      feed.disturbance = disturbance;
      return {
        what: `${receptor.name}.${feed.definition.name}`,
        end: () => void (feed.disturbance = undefined),
      };
    },
  };
}
