import { SIZED_LAYOUTS, type LayoutResult, type Sealed, type SizedLayout } from './layout-load.ts';
import { LOAD_SHARE, RATES_HZ } from './sizing-options.ts';
import type { SizingResult } from './sizing-run.ts';

/** How many machines like those that were measured, for so many points at one rate. */
export interface MachinesNeeded {
  readonly layout: SizedLayout;
  readonly rateHz: number;
  readonly samplesPerSecond: number;
  readonly machines: number;
}

const HOUR_SECONDS = 3_600;
/** A chunk has so many at most. */
const CHUNK_SAMPLES = 4_096;

/**
 * Machines for all points at each rate: by the time that the nodes that were measured would need for an hour of samples, written and, of `chunks`,
 * sealed. With more copies each sample is written so many times, in what was measured as in what is needed.
 */
export function machinesNeeded({ layouts, nodes, plan }: SizingResult): MachinesNeeded[] {
  return SIZED_LAYOUTS.flatMap((layout) => {
    const all = layouts.find((each) => each.layout === layout && each.sensors === plan.points);
    if (all === undefined || all.written.perSecond === 0) return [];
    const sealing = sealingCost(layouts.filter((each) => each.layout === layout));
    return RATES_HZ.map((rateHz) => {
      const samplesPerSecond = plan.points * rateHz;
      const samples = samplesPerSecond * HOUR_SECONDS;
      const chunks = plan.points * Math.ceil((rateHz * HOUR_SECONDS) / CHUNK_SAMPLES);
      const seconds =
        samples / all.written.perSecond + samples * sealing.sampleSeconds + chunks * sealing.chunkSeconds;
      const machines = Math.max(1, Math.ceil(((seconds / HOUR_SECONDS) * nodes) / LOAD_SHARE));
      return { layout, rateHz, samplesPerSecond, machines };
    });
  });
}

export interface SealingCost {
  readonly chunkSeconds: number;
  readonly sampleSeconds: number;
}

/** What a chunk and a sample of it cost, of a sealing of few samples a chunk and one of many. */
export function sealingCost(layouts: readonly Pick<LayoutResult, 'sealed'>[]): SealingCost {
  const sealings = layouts
    .map(({ sealed }) => sealed)
    .filter((sealed) => sealed !== undefined && sealed.chunks > 0 && sealed.samples > 0) as Sealed[];
  const [thin, thick] = sealings.toSorted((a, b) => a.samples / a.chunks - b.samples / b.chunks);
  if (thin === undefined) return { chunkSeconds: 0, sampleSeconds: 0 };
  if (thick === undefined) return { chunkSeconds: 0, sampleSeconds: thin.seconds / thin.samples };
  const determinant = thin.chunks * thick.samples - thick.chunks * thin.samples;
  const chunkSeconds = (thin.seconds * thick.samples - thick.seconds * thin.samples) / determinant;
  const sampleSeconds = (thin.chunks * thick.seconds - thick.chunks * thin.seconds) / determinant;
  // Where one of them drowns in the other's noise, all of it is the other's.
  if (!(chunkSeconds > 0)) return { chunkSeconds: 0, sampleSeconds: thick.seconds / thick.samples };
  if (!(sampleSeconds > 0)) return { chunkSeconds: thin.seconds / thin.chunks, sampleSeconds: 0 };
  return { chunkSeconds, sampleSeconds };
}
