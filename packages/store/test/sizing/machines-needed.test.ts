import { describe, expect, test } from 'vitest';
import type { LayoutResult, Sealed } from '../../src/sizing/layout-load.ts';
import { machinesNeeded, sealingCost } from '../../src/sizing/machines-needed.ts';
import { FULL_PLAN } from '../../src/sizing/sizing-options.ts';
import type { SizingResult } from '../../src/sizing/sizing-run.ts';

const NOTHING = {
  perSecond: 0,
  spread: undefined,
  requests: 0,
  medianMs: NaN,
  p99Ms: NaN,
  failure: undefined,
};

function result(layouts: readonly LayoutResult[], nodes = 1): SizingResult {
  const both = { written: NOTHING, read: NOTHING };
  return {
    ...{ plan: FULL_PLAN, nodes, replicationFactor: 1, grid: [], best: undefined },
    ...{ read: NOTHING, mixed: both, layouts },
  };
}

function measured(
  layout: 'rows' | 'chunks',
  sensors: number,
  perSecond: number,
  sealed?: Sealed,
): LayoutResult {
  return { layout, sensors, written: { ...NOTHING, perSecond }, sealed, read: undefined };
}

describe('how many machines are needed', () => {
  test('is the time for an hour of samples, of machines that are loaded to half', () => {
    const machines = machinesNeeded(result([measured('rows', 200_000, 50_000)]));
    expect(machines).toEqual([
      { layout: 'rows', rateHz: 1, samplesPerSecond: 200_000, machines: 8 },
      { layout: 'rows', rateHz: 3, samplesPerSecond: 600_000, machines: 24 },
      { layout: 'rows', rateHz: 5, samplesPerSecond: 1_000_000, machines: 40 },
    ]);
  });

  test('reckons in machines like one of those that were measured together', () => {
    const [one] = machinesNeeded(result([measured('rows', 200_000, 150_000)], 3));
    expect(one).toMatchObject({ machines: 8 });
  });

  test('has the sealing of chunks in it, by chunks and by samples', () => {
    const cost = { chunkSeconds: 100e-6, sampleSeconds: 1e-6 };
    const sealed = (chunks: number, samples: number): Sealed => {
      return { chunks, samples, seconds: chunks * cost.chunkSeconds + samples * cost.sampleSeconds };
    };
    const layouts = [
      measured('chunks', 2_000, 500_000, sealed(2_000, 1_000_000)),
      measured('chunks', 20_000, 1, sealed(20_000, 20_000)),
      measured('chunks', 200_000, 200_000),
    ];
    const found = sealingCost(layouts);
    expect(found.chunkSeconds).toBeCloseTo(cost.chunkSeconds, 9);
    expect(found.sampleSeconds).toBeCloseTo(cost.sampleSeconds, 9);
    // An hour at 5 Hz: 3,600 s of writing for each 200,000/s, 3,600 s of samples, 5 chunks of 200,000 sensors.
    const seconds = 5 * 3_600 + 3_600 + 200_000 * 5 * 100e-6;
    const [, , most] = machinesNeeded(result(layouts));
    expect(most).toMatchObject({ rateHz: 5, machines: Math.ceil(seconds / 3_600 / 0.5) });
  });

  test('never gives a cost below nothing, whatever the noise', () => {
    const layouts = [
      measured('chunks', 2_000, 1, { chunks: 2_000, samples: 1_000_000, seconds: 1 }),
      measured('chunks', 20_000, 1, { chunks: 20_000, samples: 20_000, seconds: 0.001 }),
    ];
    expect(sealingCost(layouts)).toEqual({ chunkSeconds: 0, sampleSeconds: 1e-6 });
    expect(sealingCost([])).toEqual({ chunkSeconds: 0, sampleSeconds: 0 });
  });

  test('says nothing of a layout that was not measured', () => {
    expect(machinesNeeded(result([measured('rows', 2_000, 1)]))).toEqual([]);
  });
});
