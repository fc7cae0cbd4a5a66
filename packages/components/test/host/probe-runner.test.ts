import type { ComponentValue, UpdateOptions } from '@katbus/bus';
import { describe, expect, it, vi } from 'vitest';
import type { Probe, Reading } from '../../src/host/probe.ts';
import { ProbeRunner } from '../../src/host/probe-runner.ts';

interface Shown {
  readonly value: ComponentValue;
  readonly status: UpdateOptions['status'];
}

/** A probe whose looks the test decides, and what its sensors show then. */
function bench(
  look: () => readonly Reading[] | Promise<readonly Reading[]>,
  sensors: string[],
  readTimeoutMs = 1000,
) {
  const shown = new Map<string, Shown>();
  const added: string[] = [];
  const logger = { info: vi.fn(), warn: vi.fn() };
  const probe: Probe = {
    name: 'bench',
    sensors: () => sensors.map((name) => ({ name, type: 'float' })),
    read: look,
  };
  const outlet = {
    addSensor: ({ name }: { name: string }) => added.push(name) > 0,
    update: (name: string, value: ComponentValue, { status }: UpdateOptions) => {
      if (value === 'wrong') throw new Error(`${name}: value must be a number`);
      shown.set(name, { value, status });
    },
  };
  return { runner: new ProbeRunner({ probe, outlet, logger, readTimeoutMs }), shown, added, logger, sensors };
}

describe('a probe runner', () => {
  it('makes each sensor once, also one that appears later, and shows its readings', async () => {
    const { runner, shown, added, sensors } = bench(
      () => sensors.map((sensor) => ({ sensor, value: 1 })),
      ['a'],
    );
    await runner.look();
    sensors.push('b');
    await runner.look();
    expect(added).toEqual(['a', 'b']);
    expect([...shown.keys()]).toEqual(['a', 'b']);
  });

  it('shows as unreachable what had a value and is left out, and not what never had one', async () => {
    const readings: Reading[] = [{ sensor: 'a', value: 1, status: 'warn' }];
    const { runner, shown } = bench(() => readings, ['a', 'rate']);
    await runner.look();
    expect(shown.get('a')).toEqual({ value: 1, status: 'warn' });
    readings.pop();
    await runner.look();
    expect(shown.get('a')).toEqual({ value: null, status: 'unreachable' });
    expect(shown.has('rate')).toBe(false);
  });

  it('turns all its sensors unreachable when a look fails, says so once, and recovers', async () => {
    let broken = true;
    const { runner, shown, logger } = bench(() => {
      if (broken) throw new Error('the file is gone');
      return [{ sensor: 'a', value: 5 }];
    }, ['a']);
    await runner.look();
    await runner.look();
    expect(shown.get('a')).toEqual({ value: null, status: 'unreachable' });
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(expect.stringContaining('the file is gone'));
    broken = false;
    await runner.look();
    expect(shown.get('a')).toEqual({ value: 5, status: 'nominal' });
    expect(logger.info).toHaveBeenCalledTimes(1);
  });

  it('gives up a look that hangs, starts no second one beside it, and drops its late answer', async () => {
    const hanging = Promise.withResolvers<Reading[]>();
    const look = vi.fn(() => hanging.promise);
    const { runner, shown } = bench(look, ['a'], 20);
    await runner.look();
    expect(shown.get('a')).toEqual({ value: null, status: 'unreachable' });
    await runner.look();
    expect(look).toHaveBeenCalledTimes(1);
    hanging.resolve([{ sensor: 'a', value: 1 }]);
    await vi.waitFor(async () => {
      await runner.look();
      expect(look).toHaveBeenCalledTimes(2);
    });
  });

  it('goes on with the other sensors when one refuses its value, and says so once', async () => {
    const { runner, shown, logger } = bench(
      () => [
        { sensor: 'a', value: 'wrong' },
        { sensor: 'b', value: 2 },
      ],
      ['a', 'b'],
    );
    await runner.look();
    await runner.look();
    expect(shown.get('b')?.value).toBe(2);
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(expect.stringContaining('a: value must be a number'));
  });
});
