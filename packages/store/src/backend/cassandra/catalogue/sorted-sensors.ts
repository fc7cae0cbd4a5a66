import type { SensorAddress } from '@katbus/protocol';
import type { MetSensor } from './met-sensor.ts';

interface Component {
  readonly name: string;
  /** In order of their tokens; another array whenever one was added. */
  sensors: readonly MetSensor[];
  /** In no order. */
  added: MetSensor[];
}

/** The sensors of the catalogue by component and token. */
export class SortedSensors {
  readonly #components = new Map<string, Component>();
  #order: readonly Component[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** One that is not there yet. */
  add(sensor: MetSensor): void {
    this.#count++;
    let component = this.#components.get(sensor.component);
    if (component === undefined) {
      component = { name: sensor.component, sensors: [], added: [] };
      this.#components.set(sensor.component, component);
    }
    component.added.push(sensor);
  }

  clear(): void {
    this.#components.clear();
    this.#order = [];
    this.#count = 0;
  }

  /** In order; what is added meanwhile may be missing. @param only of this component */
  *after(after: SensorAddress | undefined, only?: string): Generator<MetSensor, void, void> {
    for (const component of this.#inOrder()) {
      if (only !== undefined && component.name !== only) continue;
      if (after !== undefined && component.name < after.component) continue;
      settle(component);
      const { sensors } = component;
      const isFirst = component.name === after?.component;
      for (let place = isFirst ? placeAfter(sensors, after.sensor) : 0; place < sensors.length; place++) {
        yield sensors[place]!;
      }
    }
  }

  #inOrder(): readonly Component[] {
    if (this.#order.length !== this.#components.size) {
      this.#order = [...this.#components.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    }
    return this.#order;
  }
}

/** Few are added to many: those are sorted, and both are merged. */
function settle(component: Component): void {
  if (component.added.length === 0) return;
  const added = component.added.sort((a, b) => (a.sensor < b.sensor ? -1 : 1));
  component.added = [];
  const known = component.sensors;
  const merged: MetSensor[] = [];
  let place = 0;
  for (const sensor of added) {
    while (place < known.length && known[place]!.sensor < sensor.sensor) merged.push(known[place++]!);
    merged.push(sensor);
  }
  while (place < known.length) merged.push(known[place++]!);
  component.sensors = merged;
}

function placeAfter(sensors: readonly MetSensor[], sensor: string): number {
  let low = 0;
  let high = sensors.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sensors[middle]!.sensor <= sensor) low = middle + 1;
    else high = middle;
  }
  return low;
}
