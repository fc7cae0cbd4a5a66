import type { ComponentValue, SensorDefinition } from '@katbus/bus';
import type { SamplingSettings, Status } from '@katbus/protocol';

export interface Reading {
  readonly value: ComponentValue;
  readonly status: Status;
}

/** Changes what a sensor reads: a fault of the sensor, not of what it measures. */
export type Disturbance = (reading: Reading) => Reading;

/** A sensor of the model: what it is, and what it reads now. */
export interface Feed {
  readonly definition: SensorDefinition;
  disturbance: Disturbance | undefined;
  /** What the model says. */
  reading(): Reading;
}

/** What the sensor says. */
export function readFeed(feed: Feed): Reading {
  const reading = feed.reading();
  return feed.disturbance === undefined ? reading : feed.disturbance(reading);
}

/** Where a number is no longer nominal. Absent bounds are none. */
export interface Bounds {
  readonly errorBelow?: number;
  readonly warnBelow?: number;
  readonly warnAbove?: number;
  readonly errorAbove?: number;
}

export function statusWithin(value: number, bounds: Bounds): Status {
  const {
    errorBelow = -Infinity,
    warnBelow = -Infinity,
    warnAbove = Infinity,
    errorAbove = Infinity,
  } = bounds;
  if (value > errorAbove || value < errorBelow) return 'error';
  return value > warnAbove || value < warnBelow ? 'warn' : 'nominal';
}

/** When the samples of a kind of sensor are sent: what the eye follows often, what creeps seldom. */
export const PACES = {
  /** Pointing and wind. */
  quick: { archiveIntervalSeconds: 10, normalIntervalSeconds: 1 },
  /** Currents and levels, noisy by nature. */
  steady: { archiveIntervalSeconds: 30, normalIntervalSeconds: 10 },
  /** Temperatures and pressures. */
  slow: { archiveIntervalSeconds: 60, normalIntervalSeconds: 0 },
  /** Modes, states, texts: sent when they change, whenever that is. */
  state: { archiveIntervalSeconds: 0, normalIntervalSeconds: 0 },
} as const satisfies Record<string, SamplingSettings>;
export type Pace = keyof typeof PACES;

interface FloatParts {
  readonly name: string;
  readonly description: string;
  readonly units: string;
  /** Digits behind the point that the sensor resolves. */
  readonly decimals: number;
  readonly pace: Pace;
  /** Its usual range. */
  readonly range?: readonly [number, number];
  readonly bounds?: Bounds;
  readonly deadBand?: number;
  readonly value: () => number;
  /** Default: by `bounds`. */
  readonly status?: (value: number) => Status;
}

export function floatFeed(parts: FloatParts): Feed {
  const { bounds = {}, status = (value: number) => statusWithin(value, bounds) } = parts;
  const { name, description, units, range = [], pace, deadBand = 0 } = parts;
  const scale = 10 ** parts.decimals;
  return {
    definition: {
      name,
      type: 'float',
      units,
      description,
      params: range,
      sampling: { ...PACES[pace], deadBand },
    },
    disturbance: undefined,
    reading: () => {
      const value = Math.round(parts.value() * scale) / scale;
      return { value, status: status(value) };
    },
  };
}

interface OtherParts {
  readonly name: string;
  readonly description: string;
  readonly type: Exclude<SensorDefinition['type'], 'float'>;
  readonly units?: string;
  /** Of a discrete sensor its values. */
  readonly values?: readonly string[];
  readonly pace?: Pace;
  readonly value: () => ComponentValue;
  readonly status?: () => Status;
}

/** A sensor that is no plain number: by default its samples are sent when it changes. */
export function otherFeed({
  name,
  description,
  type,
  units = '',
  values,
  pace = 'state',
  value,
  status,
}: OtherParts): Feed {
  return {
    definition: { name, type, units, description, params: values ?? [], sampling: PACES[pace] },
    disturbance: undefined,
    reading: () => ({ value: value(), status: status?.() ?? 'nominal' }),
  };
}
