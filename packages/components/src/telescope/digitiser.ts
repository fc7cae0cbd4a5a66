import type { Random } from './random.ts';

/** What a digitiser looks at. */
export interface DigitiserInput {
  /** Of receiver and sky, kelvin. */
  readonly systemTemperature: number;
  readonly noiseDiode: boolean;
  /** Air, degrees Celsius. */
  readonly outside: number;
}

export const SPECTRUM_CHANNELS = 16;
const TYPICAL_SYSTEM_TEMPERATURE = 20;
const NOISE_DIODE_KELVIN = 6;
/** Digits of 10 bits that the level is set to. */
const TYPICAL_RMS = 48;
const WARMS_IN_SECONDS = 900;
/** Each hour some pulse, of a satellite or an aircraft, is too strong. */
const OVERFLOWS_A_SECOND = 30 / 3600;

/** Samples the two polarisations of a receptor: level, overflows, temperature, a coarse spectrum. */
export class Digitiser {
  /** Degrees Celsius. */
  temperature: number;
  readonly rms = { h: TYPICAL_RMS, v: TYPICAL_RMS };
  overflows = 0;
  clock: 'locked' | 'lost' = 'locked';
  /** Power in equal parts of the band, dB below full scale. The array is written anew each step. */
  readonly spectrum = new Float64Array(SPECTRUM_CHANNELS);
  private readonly random: Random;
  private readonly gain: Readonly<Record<'h' | 'v', number>>;
  private readonly ripple: readonly number[];

  constructor(random: Random, outside: number) {
    this.random = random;
    this.temperature = outside + 24;
    this.gain = { h: 1 + 0.06 * random.normal(), v: 1 + 0.06 * random.normal() };
    this.ripple = Array.from(
      { length: SPECTRUM_CHANNELS },
      (_, channel) => bandpass(channel) + 0.4 * random.normal(),
    );
    this.step(1, { systemTemperature: TYPICAL_SYSTEM_TEMPERATURE, noiseDiode: false, outside });
  }

  step(seconds: number, { systemTemperature, noiseDiode, outside }: DigitiserInput): void {
    const { random } = this;
    this.temperature += (outside + 24 - this.temperature) * (1 - Math.exp(-seconds / WARMS_IN_SECONDS));
    const kelvin = systemTemperature + (noiseDiode ? NOISE_DIODE_KELVIN : 0);
    const level = Math.sqrt(kelvin / TYPICAL_SYSTEM_TEMPERATURE);
    for (const polarisation of ['h', 'v'] as const) {
      this.rms[polarisation] = TYPICAL_RMS * this.gain[polarisation] * level + 0.1 * random.normal();
    }
    this.overflows += random.poisson(OVERFLOWS_A_SECOND * seconds);
    const decibels = 20 * Math.log10(level * this.gain.h);
    for (let channel = 0; channel < SPECTRUM_CHANNELS; channel += 1) {
      this.spectrum[channel] = round(-21 + decibels + (this.ripple[channel] ?? 0) + 0.05 * random.normal());
    }
  }
}

/** The filters fall off at both ends of the band; satellites sit in its middle. */
function bandpass(channel: number): number {
  const edge = Math.min(channel, SPECTRUM_CHANNELS - 1 - channel);
  const fall = edge === 0 ? -9 : edge === 1 ? -2.5 : 0;
  return fall + (channel === 6 ? 4 : channel === 7 ? 2 : 0);
}

function round(decibels: number): number {
  return Math.round(decibels * 100) / 100;
}
