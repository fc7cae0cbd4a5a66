import { Broker, type Sensor } from '@katbus/bus';

/** The component of the benchmark. Its sensors are `bench.m<receptor>.<subsystem>.<n>`. */
export const COMPONENT = 'bench';

const SUBSYSTEMS = ['ap', 'rsc', 'rx', 'dig'];

/** A component with so many sensors, in no order, all announced and acknowledged. */
export async function joinWithSensors(
  url: string,
  count: number,
): Promise<{ broker: Broker; sensors: readonly Sensor[] }> {
  const broker = await Broker.connect({ component: COMPONENT, servers: url });
  const sensors: Sensor[] = [];
  for (let n = 0; n < count; n += 1) {
    sensors.push(broker.addSensor({ name: sensorName(n), type: 'float', units: 'K' }));
    // The announcements are no part of what is measured; the buffer for them has its bounds.
    if (n % 2_000 === 1_999) await broker.flush(60_000);
  }
  if (!(await broker.flush(60_000))) throw new Error('the announcements were not acknowledged');
  shuffle(sensors);
  return { broker, sensors };
}

export function sensorName(n: number): string {
  const receptor = `m${String(n % 64).padStart(3, '0')}`;
  return `${receptor}.${SUBSYSTEMS[n % SUBSYSTEMS.length]}.s${n}`;
}

/** Fisher and Yates, with a generator of its own, so that every run has the same order. */
export function shuffle(items: unknown[]): void {
  let seed = 1;
  for (let last = items.length - 1; last > 0; last -= 1) {
    seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    const place = (seed >>> 0) % (last + 1);
    [items[last], items[place]] = [items[place], items[last]];
  }
}
