import { LoopTurns } from '@katbus/bus/daemon';
import { normalisedName, type Pattern, type SensorFinding, type SensorOrder } from '@katbus/protocol';
import { comparePlaced, FirstPlaced, SENSOR_KEYS, type PlacedSensor } from './sensor-order.ts';
import { FINDING_HOLDS, type ReportMoment } from './sensor-report.ts';
import type { SensorTallies } from './sensor-tallies.ts';
import { TALLY_DOUBLES } from './sensor-tally.ts';

/** Others have their turn after so long. */
const SLICE_MS = 10;
/** How many sensors are looked at between two looks at the clock. */
const SLICE_SENSORS = 500;

export interface SensorQuery {
  readonly moment: ReportMoment;
  readonly finding: SensorFinding | undefined;
  readonly order: SensorOrder;
  readonly filter: Pattern | undefined;
  readonly component: string | undefined;
  /** The last sensor of the page before. */
  readonly after: Pick<PlacedSensor, 'address' | 'key'> | undefined;
  /** Most sensors. */
  readonly most: number;
}

/** The sensors of one page, in order. All sensors are looked at for it, in slices. */
export async function selectSensors(
  tallies: SensorTallies,
  query: SensorQuery,
): Promise<readonly PlacedSensor[]> {
  const { moment, finding, order, filter, component, after, most } = query;
  const holds = finding === undefined ? undefined : FINDING_HOLDS[finding];
  const keyOf = SENSOR_KEYS[order];
  const first = new FirstPlaced(most);
  await inSlices(tallies.size, (number) => {
    const { rows } = tallies;
    const at = number * TALLY_DOUBLES;
    if (holds !== undefined && !holds(rows, at, moment)) return;
    const address = tallies.addressOf(number);
    if (component !== undefined && address.component !== component) return;
    const key = keyOf(rows, at, moment.nowUs);
    const sensor = { number, address, key };
    // The pattern takes longest: it is asked last.
    if ((after !== undefined && comparePlaced(sensor, after) <= 0) || !first.mayTake(sensor)) return;
    if (filter === undefined || filter.matches(normalisedName(address))) first.take(sensor);
  });
  return first.sorted();
}

/** Looks at the numbers from 0 up to `count`. */
export async function inSlices(count: number, look: (number: number) => void): Promise<void> {
  const turns = new LoopTurns({ mostMs: SLICE_MS });
  for (let number = 0; number < count; number++) {
    look(number);
    if (number % SLICE_SENSORS === 0 && turns.isOver) await turns.next();
  }
}
