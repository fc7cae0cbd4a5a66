import { describe, expect, it } from 'vitest';
import { CpuProbe } from '../../../src/host/probes/cpu.ts';
import { kernelFolder } from '../kernel-folder.ts';
import { readingsOf } from '../readings.ts';

const stat = (all: string, ...cores: string[]) =>
  [`cpu  ${all}`, ...cores.map((ticks, core) => `cpu${core} ${ticks}`), 'intr 5 0', 'ctxt 9', ''].join('\n');

describe('the cpu probe', () => {
  it('has no load at the first look, and that of the interval at the second', async () => {
    await using kernel = await kernelFolder({
      'proc/stat': stat('100 0 100 800 0 0 0 0 0 0', '50 0 50 400 0 0 0 0 0 0', '50 0 50 400 0 0 0 0 0 0'),
    });
    const probe = new CpuProbe(kernel);
    expect([...(await readingsOf(probe)).keys()]).toEqual([]);
    // 200 ticks have passed: 30 busy, 20 waiting for a disk, 150 idle; all of the work on core 1.
    await kernel.write({
      'proc/stat': stat('120 0 110 950 20 0 0 0 0 0', '50 0 50 500 0 0 0 0 0 0', '70 0 60 450 20 0 0 0 0 0'),
    });
    const readings = await readingsOf(probe);
    expect(readings.get('cpu.load')?.value).toBe(15);
    expect(readings.get('cpu.iowait')?.value).toBe(10);
    expect(readings.get('cpu.0.load')?.value).toBe(0);
    expect(readings.get('cpu.1.load')?.value).toBe(30);
  });

  it('gives a core that is switched on later its sensor then', async () => {
    await using kernel = await kernelFolder({ 'proc/stat': stat('1 0 0 9 0 0 0 0', '1 0 0 9 0 0 0 0') });
    const probe = new CpuProbe(kernel);
    await probe.read();
    expect(probe.sensors().map(({ name }) => name)).not.toContain('cpu.1.load');
    await kernel.write({ 'proc/stat': stat('2 0 0 18 0 0 0 0', '1 0 0 9 0 0 0 0', '1 0 0 9 0 0 0 0') });
    await probe.read();
    expect(probe.sensors().map(({ name }) => name)).toContain('cpu.1.load');
  });

  it('says which line it does not understand', async () => {
    await using kernel = await kernelFolder({ 'proc/stat': 'cpu  12 zero 5\n' });
    await expect(new CpuProbe(kernel).read()).rejects.toThrow('"cpu 12 zero 5" is no number');
  });

  it('reads this machine, with the kernel and with Node alone', async () => {
    for (const probe of [new CpuProbe({ proc: '/proc', sys: '/sys' }), new CpuProbe()]) {
      await probe.read();
      const end = performance.now() + 100;
      while (performance.now() < end); // a core is busy now, whatever else the machine does
      const load = (await readingsOf(probe)).get('cpu.load')?.value;
      expect(load).toBeGreaterThan(0);
      expect(load).toBeLessThanOrEqual(100);
    }
  });
});
