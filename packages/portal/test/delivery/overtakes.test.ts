import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClockEpochs } from '../../src/delivery/clock-epochs.ts';
import { overtakes, type Dated } from '../../src/delivery/overtakes.ts';

const SECOND_US = 1_000_000;
const stored = (timeUs: number, storedUs: number, isResent = false): Dated => {
  return { timeUs, storedUs, arrivedMs: 0, isResent };
};
const live = (timeUs: number, arrivedMs: number, isResent = false): Dated => {
  return { timeUs, storedUs: undefined, arrivedMs, isResent };
};

describe('of two samples the newer', () => {
  test('is the one with the greater time, however they come, while the clock goes on', () => {
    const sample = fc.record({ atMs: fc.integer({ min: 0, max: 100_000 }), isLive: fc.boolean() });
    fc.assert(
      fc.property(sample, sample, fc.nat(1_000), (one, other, lateMs) => {
        const dated = ({ atMs, isLive }: typeof one): Dated =>
          isLive ? live(atMs * 1000, atMs) : stored(atMs * 1000, atMs * 1000);
        const nowMs = Math.max(one.atMs, other.atMs) + lateMs;
        // What is read from a stream may be newer than what came live before, never by more than the time since.
        expect(overtakes(dated(one), dated(other), nowMs)).toBe(one.atMs >= other.atMs);
      }),
    );
  });

  test('is the one that was stored later when the clock was set back in between', () => {
    const [before, after] = [stored(600 * SECOND_US, 10), stored(5 * SECOND_US, 11)];
    expect(overtakes(after, before, 0)).toBe(true);
    expect(overtakes(before, after, 0)).toBe(false);
  });

  test('is not the one that was published again', () => {
    const [newer, late] = [stored(600 * SECOND_US, 10), stored(5 * SECOND_US, 11, true)];
    expect(overtakes(late, newer, 0)).toBe(false);
    expect(overtakes(newer, late, 0)).toBe(true);
  });

  test('is the live one when the clock was set back under a snapshot', () => {
    expect(overtakes(live(5 * SECOND_US, 100), stored(600 * SECOND_US, 10), 100)).toBe(true);
    expect(overtakes(live(5 * SECOND_US, 100), live(600 * SECOND_US, 90), 100)).toBe(true);
    expect(overtakes(live(600 * SECOND_US, 90), live(5 * SECOND_US, 100), 100)).toBe(false);
    // Within a second it waits for the clock instead.
    expect(overtakes(live(5 * SECOND_US, 100), stored(6 * SECOND_US, 10), 100)).toBe(false);
  });
});

describe('clock epochs', () => {
  const heartbeat = (component: string, clockEpoch?: number, leaving = false) =>
    Buffer.from(
      JSON.stringify({ component, time: 1, ...(clockEpoch !== undefined && { clockEpoch }), leaving }),
    );

  test('tell what was published again from an older one, by the last heartbeat', () => {
    const changed: string[] = [];
    const epochs = new ClockEpochs((component) => changed.push(component));
    expect(epochs.isOlder('wx', '1')).toBe(false);
    epochs.hear(heartbeat('wx'));
    expect(epochs.isOlder('wx', '1')).toBe(false);
    epochs.hear(heartbeat('wx', 50));
    expect([epochs.isOlder('wx', '1'), epochs.isOlder('wx', '50')]).toEqual([true, false]);
    epochs.hear(heartbeat('wx', undefined, true));
    expect(epochs.isOlder('wx', '50')).toBe(false);
    expect(changed).toEqual(['wx']);
    expect(epochs.hear(Buffer.from('{'))).toContain('JSON');
  });
});
