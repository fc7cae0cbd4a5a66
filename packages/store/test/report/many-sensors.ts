import { createLogger } from '@katbus/bus/daemon';
import { wallClockUs } from '@katbus/protocol';
import type { Backend } from '../../src/backend/backend.ts';
import type { SampleRow } from '../../src/backend/stored-sample.ts';
import { ReportTallies } from '../../src/report/report-tallies.ts';

const SILENT_US = 7_200e6;

/** An archive of many sensors: one in ten was never seen, one in ten has been silent for two hours, one in ten has come out of order. */
export async function fillManySensors(backend: Backend, sensors: number): Promise<void> {
  const logger = createLogger({ name: 'test', level: 'error', format: 'json' });
  const tallies = await ReportTallies.open({ backend, logger, isActive: () => true });
  const nowUs = wallClockUs();
  const addresses = Array.from({ length: sensors }, (_, place) => ({
    component: `m${String(place % 64).padStart(3, '0')}`,
    sensor: `receiver_${place}_temperature`,
  }));
  const attributes = addresses.map((address, place) => ({
    ...address,
    fromUs: nowUs - 1e9,
    attributes: {
      name: `${address.component}_${address.sensor}`,
      type: 'float',
      description: `number ${place}`,
    },
  }));
  for (const round of [2, 1]) {
    const samples = addresses.flatMap((address, place): SampleRow[] => {
      if (place % 10 === 3) return [];
      const isUnsorted = place % 10 === 7 && round === 1;
      const agoUs =
        (isUnsorted ? 30e6 : round * 10e6) + (place % 10 === 1 ? SILENT_US : 0) + (place % 1_000_000);
      const inStream = {
        sequence: sensors * (2 - round) + place + 1,
        receivedUs: nowUs - round * 1e6 + place,
      };
      const timeUs = nowUs - agoUs;
      return [
        { ...address, timeUs, valueTimeUs: timeUs - 1_500, status: 'nominal', value: place, ...inStream },
      ];
    });
    const batch = {
      ...{ samples, attributes: round === 2 ? attributes : [], quarantine: [], gaps: [] },
      last: undefined,
    };
    tallies.stored(batch, await backend.write(batch), []);
  }
  await tallies.close();
}
