import type { Backend, SampleRow } from '@katbus/store';
import type { SensorAddress } from '@katbus/protocol';

/** The two coordinates in which the dishes of an array follow a source through a day, recorded once a second. */
export interface PointingDay {
  readonly dishes: number;
  /** Unix seconds. */
  readonly start: number;
  readonly seconds: number;
}

const COORDINATES = ['azim', 'elev'] as const;

const ROWS_AT_ONCE = 20_000;

export function addressesOf({ dishes }: PointingDay): SensorAddress[] {
  return Array.from({ length: dishes }, (_, dish) => dish).flatMap((dish) =>
    COORDINATES.map((name) => ({
      component: `m${String(dish).padStart(3, '0')}`,
      sensor: `pos_actual_pointm_${name}`,
    })),
  );
}

/** Writes it as an archiver does: in the order of time, all sensors mixed. */
export async function writeDay(
  backend: Pick<Backend, 'write'>,
  day: PointingDay,
  rowsAtOnce = ROWS_AT_ONCE,
): Promise<number> {
  const addresses = addressesOf(day);
  const attributes = addresses.map((address) => ({
    ...address,
    fromUs: day.start * 1e6,
    attributes: { name: `${address.component}_${address.sensor}`, type: 'float', units: 'deg' },
  }));
  await backend.write({ samples: [], attributes, quarantine: [], gaps: [] });
  let samples: SampleRow[] = [];
  let written = 0;
  const flush = async () => {
    await backend.write({ samples, attributes: [], quarantine: [], gaps: [] });
    written += samples.length;
    samples = [];
  };
  for (let second = 0; second < day.seconds; second++) {
    for (const [place, address] of addresses.entries())
      samples.push(sampleOf(address, place, day.start, second));
    if (samples.length >= rowsAtOnce) await flush();
  }
  await flush();
  return written;
}

/** A sidereal rate, the wind in the dish, an encoder of a tenth of an arc second; times that no two dishes share. */
function sampleOf(address: SensorAddress, place: number, start: number, second: number): SampleRow {
  const wind = 0.002 * Math.sin(second / 7 + place) + 0.0005 * (Math.random() - 0.5);
  const angle =
    place % 2 === 0 ? -150 + (second * 300) / 86_400 : 20 + 60 * Math.sin((Math.PI * second) / 86_400);
  const timeUs = Math.round((start + second + place / 200) * 1e6 + 2_000 * Math.random());
  return {
    ...address,
    timeUs,
    valueTimeUs: timeUs - 1_500 - Math.round(500 * Math.random()),
    status: 'nominal',
    value: Math.round((angle + wind) * 36_000) / 36_000,
  };
}
