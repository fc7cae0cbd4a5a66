import type { CqlRow, CqlSession, CqlValue } from '../session/cql-session.ts';
import { eachAtOnce, runsByComponent } from './by-component.ts';
import type { MetSensor } from './met-sensor.ts';
import { parseWidths, printWidths } from './widths-text.ts';
import type { WriteClock } from './write-clock.ts';

const SELECT =
  'SELECT component, sensor, id, katcp_name, first_t, attributes, attributes_from, widths FROM sensors';
const INSERT = `
  INSERT INTO sensors (component, sensor, id, katcp_name, first_t, attributes, attributes_from, widths)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

/** A row as it is read. */
export interface SensorsRow {
  readonly component: string;
  readonly sensor: string;
  readonly id: number;
  readonly katcpName: string;
  /** Infinity: there is no sample. */
  readonly firstUs: number;
  readonly announced: { readonly fromUs: number; readonly json: string } | undefined;
  readonly widths: MetSensor['widths'];
}

/** The table `sensors`. */
export class SensorsTable {
  readonly #session: CqlSession;
  readonly #clock: WriteClock;

  constructor(session: CqlSession, clock: WriteClock) {
    this.#session = session;
    this.#clock = clock;
  }

  /** All rows, page by page, those of one component in order of their tokens. @throws {StoreError} */
  async *rows(): AsyncGenerator<SensorsRow[]> {
    for await (const page of this.#session.pages(SELECT)) yield page.map(toSensorsRow);
  }

  /**
   * Writes the rows of sensors as they are now.
   * @param firstUsOf the time before which a sensor has no sample; Infinity: it has none
   * @throws {StoreError}
   */
  async write(sensors: Iterable<MetSensor>, firstUsOf: (sensor: MetSensor) => number): Promise<void> {
    await eachAtOnce(runsByComponent(sensors), async (run) => {
      const writtenUs = this.#clock.next();
      const rows = run.map((sensor) => rowOf(sensor, firstUsOf(sensor)));
      await this.#session.batch(INSERT, rows, writtenUs);
      for (const sensor of run) sensor.writtenUs = writtenUs;
    });
  }
}

/** What there is none of stays unset: it makes no tombstone, and what has come once never goes. */
function rowOf(sensor: MetSensor, firstUs: number): CqlValue[] {
  const { component, id, katcpName, announced, widths } = sensor;
  return [
    component,
    sensor.sensor,
    id,
    katcpName,
    firstUs === Infinity ? undefined : firstUs,
    announced?.json,
    announced?.fromUs,
    printWidths(widths),
  ];
}

function toSensorsRow(row: CqlRow): SensorsRow {
  const { component, sensor, id, katcp_name, first_t, attributes, attributes_from, widths } = row;
  return {
    component: String(component),
    sensor: String(sensor),
    id: Number(id),
    katcpName: String(katcp_name ?? ''),
    firstUs: first_t === null ? Infinity : Number(first_t),
    announced:
      attributes === null ? undefined : { json: String(attributes), fromUs: Number(attributes_from) },
    widths: parseWidths(String(widths)),
  };
}
