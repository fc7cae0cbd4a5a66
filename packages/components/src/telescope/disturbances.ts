import type { Disturbance, Reading } from './feed.ts';
import type { Random } from './random.ts';

/** Ways in which a sensor itself goes wrong, while what it measures is well. Each call makes one for one sensor. */
export const DISTURBANCES = {
  /** Nobody answers. */
  unreachable: () => () => ({ value: null, status: 'unreachable' }),
  /** An amplifier of the sensor saturates: what comes is no number. */
  nan: () => () => ({ value: NaN, status: 'error' }),
  /** The worst kind: it looks well. */
  stuck: () => {
    let first: Reading | undefined;
    return (reading: Reading) => (first ??= reading);
  },
  /** A value at the edge of its limit. */
  flapping: () => {
    let isWarn = false;
    return ({ value, status }: Reading) => {
      isWarn = !isWarn;
      return { value, status: isWarn ? 'warn' : status };
    };
  },
  /** A bit that was read wrong: far away, and nominal, because the sensor believes it. */
  spike: (random: Random) => {
    const height = (random.next() < 0.5 ? -1 : 1) * random.between(5, 20);
    return ({ value, status }: Reading) => ({
      value: typeof value === 'number' ? Math.round(value + height * Math.max(1, Math.abs(value))) : value,
      status,
    });
  },
} as const satisfies Record<string, (random: Random) => Disturbance>;
export type DisturbanceKind = keyof typeof DISTURBANCES;
