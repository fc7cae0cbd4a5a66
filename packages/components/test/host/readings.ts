import type { Probe, Reading } from '../../src/host/probe.ts';

/** A probe's readings by sensor; checks that each has a definition. */
export async function readingsOf(probe: Probe): Promise<Map<string, Reading>> {
  const readings = await probe.read();
  const defined = new Set(probe.sensors().map(({ name }) => name));
  const undefinedOnes = readings.filter(({ sensor }) => !defined.has(sensor));
  if (undefinedOnes.length > 0)
    throw new Error(`without definition: ${undefinedOnes.map(({ sensor }) => sensor).join()}`);
  return new Map(readings.map((reading) => [reading.sensor, reading]));
}
