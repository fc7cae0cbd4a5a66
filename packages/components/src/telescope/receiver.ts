import { Drift } from './drift.ts';
import type { Random } from './random.ts';

export const CRYO_STATES = ['cooling', 'cold', 'warming'] as const;
export type CryoState = (typeof CRYO_STATES)[number];

/** Kelvin: where the two stages of the cooler end. */
const COLD = 16;
const SHIELD = 68;
/**
 * A real cryostat takes hours to cool and to warm. Ours takes minutes, so that somebody who watches sees the whole of it: with its
 * compressor off it passes the warning after some two minutes and the error after five.
 */
const WARMING_SECONDS = 5_400;
const COOLING_SECONDS = 240;
/** Kelvin: cold enough to observe. */
export const COLD_BELOW = 22;

/** A cooled receiver: two stages of a cryostat, its vacuum, its amplifiers. */
export class Receiver {
  /** Kelvin. */
  temperature: number;
  shieldTemperature: number;
  compressor: 'running' | 'tripped' = 'running';
  /** Helium, bar. */
  heliumPressure = 20;
  /** mbar */
  vacuum = 1e-7;
  /** Of the low-noise amplifiers of the two polarisations, mA. */
  readonly biasCurrents = { h: 0, v: 0 };
  private readonly random: Random;
  private readonly coldest: number;
  private readonly bias: Readonly<Record<'h' | 'v', number>>;
  private readonly cooler: Drift;
  private readonly helium: Drift;

  constructor(random: Random) {
    this.random = random;
    this.coldest = COLD + random.between(-1, 1.5);
    this.bias = { h: random.between(11.5, 13.5), v: random.between(11.5, 13.5) };
    this.cooler = new Drift(random.fork('cooler'), 300);
    this.helium = new Drift(random.fork('helium'), 120);
    this.temperature = this.coldest;
    this.shieldTemperature = SHIELD;
    this.step(1, 20);
  }

  /** @param outside air temperature, degrees Celsius */
  step(seconds: number, outside: number): void {
    const ambient = outside + 273.15;
    const isRunning = this.compressor === 'running';
    const [towards, inSeconds] = isRunning
      ? [this.coldest + 0.08 * this.cooler.step(seconds), COOLING_SECONDS]
      : [ambient, WARMING_SECONDS];
    const share = 1 - Math.exp(-seconds / inSeconds);
    this.temperature += (towards - this.temperature) * share;
    const shield = isRunning ? SHIELD + 0.05 * (outside - 20) : ambient;
    this.shieldTemperature += (shield - this.shieldTemperature) * share;
    this.heliumPressure = (isRunning ? 20 : 14) + 0.2 * this.helium.step(seconds);
    // What is frozen to the cold surfaces comes off as they warm: a decade for some kelvin.
    const decades = Math.min(5, Math.max(0, (this.temperature - COLD) / 12));
    this.vacuum = 2e-7 * 10 ** decades * (1 + 0.03 * this.random.normal());
    for (const polarisation of ['h', 'v'] as const) {
      const warmth = (this.temperature - COLD) * 0.02;
      this.biasCurrents[polarisation] = this.bias[polarisation] + warmth + 0.01 * this.random.normal();
    }
  }

  get state(): CryoState {
    if (this.compressor === 'tripped') return 'warming';
    return this.temperature < COLD_BELOW ? 'cold' : 'cooling';
  }

  /** Noise of the whole receiver, referred to its input, kelvin. */
  get systemTemperature(): number {
    return 12 + 0.45 * this.temperature;
  }
}
