import { describe, expect, it } from 'vitest';
import { Digitiser } from '../../src/telescope/digitiser.ts';
import { Random } from '../../src/telescope/random.ts';
import { Receiver } from '../../src/telescope/receiver.ts';

const OUTSIDE = 20;

function secondsUntil(receiver: Receiver, isSo: () => boolean, most = 7_200): number {
  for (let second = 0; second < most; second += 1) {
    if (isSo()) return second;
    receiver.step(1, OUTSIDE);
  }
  throw new Error(`not within ${most} s`);
}

describe('a receiver', () => {
  it('is cold and stays so', () => {
    const receiver = new Receiver(new Random('r'));
    for (let second = 0; second < 3_600; second += 1) {
      receiver.step(1, OUTSIDE);
      expect(receiver.state).toBe('cold');
      expect(Math.abs(receiver.temperature - 16)).toBeLessThan(3);
      expect(receiver.vacuum).toBeLessThan(1e-6);
    }
  });

  it('warms within minutes when its compressor trips, never beyond the air outside, and cools when it runs again', () => {
    const receiver = new Receiver(new Random('r'));
    receiver.compressor = 'tripped';
    expect(receiver.state).toBe('warming');
    const toWarn = secondsUntil(receiver, () => receiver.temperature > 22);
    const toError = toWarn + secondsUntil(receiver, () => receiver.temperature > 30);
    expect(toWarn).toBeGreaterThan(60);
    expect(toWarn).toBeLessThan(240);
    expect(toError).toBeLessThan(600);
    const { vacuum } = receiver;
    expect(vacuum).toBeGreaterThan(1e-6);
    for (let hour = 0; hour < 20; hour += 1) receiver.step(3_600, OUTSIDE);
    expect(receiver.temperature).toBeLessThanOrEqual(OUTSIDE + 273.15);
    receiver.compressor = 'running';
    receiver.step(1, OUTSIDE);
    expect(receiver.state).toBe('cooling');
    expect(secondsUntil(receiver, () => receiver.state === 'cold')).toBeGreaterThan(300);
  });
});

describe('a digitiser', () => {
  it('sees more noise from a warm receiver and from the noise diode, and counts overflows', () => {
    const digitiser = new Digitiser(new Random('d'), OUTSIDE);
    const level = (systemTemperature: number, noiseDiode: boolean) => {
      digitiser.step(1, { systemTemperature, noiseDiode, outside: OUTSIDE });
      return digitiser.rms.h;
    };
    const cold = level(20, false);
    const spectrum = [...digitiser.spectrum];
    expect(level(20, true)).toBeGreaterThan(cold * 1.05);
    expect(level(120, false)).toBeGreaterThan(cold * 2);
    expect(digitiser.spectrum[8]).toBeGreaterThan((spectrum[8] ?? 0) + 3);
    expect(spectrum[0]).toBeLessThan((spectrum[8] ?? 0) - 5);
    for (let second = 0; second < 3_600; second += 1) level(20, false);
    expect(digitiser.overflows).toBeGreaterThan(5);
    expect(Number.isInteger(digitiser.overflows)).toBe(true);
  });
});
