import type { SensorDefinition } from '@katbus/bus';
import { PACES, type Disturbance, type Feed, type Reading } from './feed.ts';
import type { Random } from './random.ts';

/** A kind of sensor that a receptor has many of: one on each board of its racks. */
interface Kind {
  readonly part: string;
  readonly what: string;
  readonly units: string;
  readonly typical: number;
  /** How far boards differ, how far a value wanders within an hour, and its noise. */
  readonly spread: number;
  readonly swing: number;
  readonly noise: number;
  readonly decimals: number;
}

const KINDS: readonly Kind[] = [
  kind('supply-12v', 'Supply of 12 V', 'V', 12, 0.05, 0.02, 0.004, 3),
  kind('supply-3v3', 'Supply of 3.3 V', 'V', 3.3, 0.015, 0.005, 0.001, 4),
  kind('supply-1v0', 'Supply of the logic', 'V', 1, 0.005, 0.002, 0.0005, 4),
  kind('supply-current', 'Current that the board takes', 'A', 4.2, 0.4, 0.15, 0.02, 2),
  kind('logic-temperature', 'Temperature of the logic', 'degC', 52, 3, 2, 0.1, 1),
  kind('board-temperature', 'Temperature of the board', 'degC', 38, 2, 1.5, 0.05, 2),
  kind('fan-speed', 'Speed of the fan', 'rpm', 5_400, 150, 60, 8, 0),
  kind('fibre-power', 'Light that the fibre receiver sees', 'dBm', -5.5, 0.8, 0.1, 0.02, 2),
];
const BOARDS_A_RACK = 20;
const LONGEST_PERIOD_SECONDS = 3_600;

/** How many monitor points each board has. */
export const POINTS_A_BOARD = KINDS.length;

/** The model's time, of which monitor points read their value. */
export interface ModelTime {
  readonly now: number;
}

/** One of very many sensors: small, and its value is only worked out when it is read. */
export class MonitorPoint implements Feed {
  disturbance: Disturbance | undefined;
  private readonly number: number;
  private readonly typical: number;
  private readonly periodSeconds: number;
  private readonly random: Random;
  private readonly time: ModelTime;

  /** @param number of the points of one component, from 0 @param random shared by all points */
  constructor(number: number, random: Random, time: ModelTime) {
    const { typical, spread } = kindOf(number);
    this.number = number;
    this.typical = typical + spread * random.normal();
    this.periodSeconds = LONGEST_PERIOD_SECONDS * (0.3 + 0.7 * random.next());
    this.random = random;
    this.time = time;
  }

  get definition(): SensorDefinition {
    const { part, what, units } = kindOf(this.number);
    const board = Math.floor(this.number / POINTS_A_BOARD);
    const rack = Math.floor(board / BOARDS_A_RACK);
    return {
      name: `rack-${rack}.board-${String(board % BOARDS_A_RACK).padStart(2, '0')}.${part}`,
      type: 'float',
      units,
      description: `${what}, board ${board % BOARDS_A_RACK} of rack ${rack}`,
      sampling: { ...PACES.quick, normalIntervalSeconds: 0 },
    };
  }

  reading(): Reading {
    const { swing, noise, decimals } = kindOf(this.number);
    const turn = (this.time.now / this.periodSeconds) * 2 * Math.PI;
    const value = this.typical + swing * Math.sin(turn) + noise * this.random.normal();
    const scale = 10 ** decimals;
    return { value: Math.round(value * scale) / scale, status: 'nominal' };
  }
}

function kindOf(number: number): Kind {
  return KINDS[number % POINTS_A_BOARD]!;
}

function kind(
  part: string,
  what: string,
  units: string,
  typical: number,
  spread: number,
  swing: number,
  noise: number,
  decimals: number,
): Kind {
  return { part, what, units, typical, spread, swing, noise, decimals };
}
