import { normalisedName, type SensorAddress } from '@katbus/protocol';

export interface BenchSensor extends SensorAddress {
  readonly name: string;
  /** As JSON, announced by its component. */
  readonly attributes: string;
}

const SENSORS_A_COMPONENT = 1_000;

/** So many float sensors, in an order that is random and the same in every run. */
export function shuffledSensors(count: number): BenchSensor[] {
  const sensors = Array.from({ length: count }, (_, place) => {
    const component = `m${String(Math.floor(place / SENSORS_A_COMPONENT)).padStart(3, '0')}`;
    const address = {
      component,
      sensor: `rsc_rxl_group_${place % 17}_sensor_${place % SENSORS_A_COMPONENT}`,
    };
    const name = normalisedName(address);
    const attributes = JSON.stringify({
      name,
      component,
      type: 'float',
      units: 'K',
      description: `Sensor ${place}`,
    });
    return { ...address, name, attributes };
  });
  // Fisher-Yates with a linear congruential generator (Numerical Recipes): the seed makes runs comparable.
  let seed = 42;
  for (let place = sensors.length - 1; place > 0; place--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = seed % (place + 1);
    [sensors[place], sensors[other]] = [sensors[other]!, sensors[place]!];
  }
  return sensors;
}
