import { describe, expect, it } from 'vitest';
import { MemoryProbe } from '../../../src/host/probes/memory.ts';
import { kernelFolder } from '../kernel-folder.ts';
import { readingsOf } from '../readings.ts';

const meminfo = (availableKb: number, swapTotalKb: number, swapFreeKb: number) =>
  `MemTotal: 1000 kB\nMemFree: 5 kB\nMemAvailable:   ${availableKb} kB\nSwapTotal: ${swapTotalKb} kB\nSwapFree: ${swapFreeKb} kB\n`;

describe('the memory probe', () => {
  it.each([
    [500, 50, 'nominal'],
    [100, 90, 'nominal'],
    [99, 90.1, 'warn'],
    [29, 97.1, 'error'],
  ])('with %i kB of 1000 available shows %f %% as %s', async (available, percent, status) => {
    await using kernel = await kernelFolder({ 'proc/meminfo': meminfo(available, 0, 0) });
    const readings = await readingsOf(new MemoryProbe(kernel));
    expect(readings.get('memory.used-percent')).toMatchObject({ value: percent, status });
    expect(readings.get('memory.used')?.value).toBe((1000 - available) * 1024);
  });

  it('has no share of swap where there is no swap', async () => {
    await using kernel = await kernelFolder({ 'proc/meminfo': meminfo(500, 0, 0) });
    expect((await readingsOf(new MemoryProbe(kernel))).get('swap.used-percent')).toMatchObject({
      value: null,
      status: 'inactive',
    });
    await kernel.write({ 'proc/meminfo': meminfo(500, 1000, 50) });
    expect((await readingsOf(new MemoryProbe(kernel))).get('swap.used-percent')).toMatchObject({
      value: 95,
      status: 'error',
    });
  });

  it('names the field that the kernel does not tell', async () => {
    await using kernel = await kernelFolder({ 'proc/meminfo': 'MemTotal: 1000 kB\n' });
    await expect(new MemoryProbe(kernel).read()).rejects.toThrow('MemAvailable');
  });

  it('has memory but no swap where only Node is asked', async () => {
    const readings = await readingsOf(new MemoryProbe());
    expect(readings.get('memory.total')?.value).toBeGreaterThan(1e6);
    expect(readings.has('swap.used')).toBe(false);
  });
});
