import type { SensorAddress } from '@katbus/protocol';
import type { CqlRow, CqlSession } from '../session/cql-session.ts';
import { eachAtOnce, runsByComponent } from './by-component.ts';
import type { LatestRow } from './latest-columns.ts';
import type { MetSensor } from './met-sensor.ts';

const SELECT = `
  SELECT component, sensor, t, value_t, status, kind, value, text, epoch, newest_t, writetime(t) AS written FROM latest`;
const INSERT = `
  INSERT INTO latest (component, sensor, t, value_t, status, kind, value, text, epoch, newest_t)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`;

/** The table `latest`. No column is ever null: a sample without a text has an empty one, and one without a number has NaN. */
export class LatestTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** All rows, page by page. @throws {StoreError} */
  async *rows(): AsyncGenerator<(SensorAddress & LatestRow)[]> {
    for await (const page of this.#session.pages(SELECT)) yield page.map(toLatestRow);
  }

  /** @throws {StoreError} */
  async write(sensors: readonly MetSensor[], rowOf: (sensor: MetSensor) => LatestRow): Promise<void> {
    await eachAtOnce(runsByComponent(sensors), async (run) => {
      const rows = run.map((sensor) => {
        const row = rowOf(sensor);
        const { timeUs, valueTimeUs, status, kind, value, text, epoch, newestUs, writtenUs } = row;
        const columns = [timeUs, valueTimeUs, status, kind, value, text, epoch, newestUs];
        return [sensor.component, sensor.sensor, ...columns, writtenUs];
      });
      // Each row binds its own timestamp; that of the request is of no use.
      await this.#session.batch(INSERT, rows, rows[0]!.at(-1) as number);
    });
  }
}

function toLatestRow(row: CqlRow): SensorAddress & LatestRow {
  return {
    component: String(row.component),
    sensor: String(row.sensor),
    timeUs: Number(row.t),
    valueTimeUs: Number(row.value_t),
    status: Number(row.status),
    kind: Number(row.kind),
    value: Number(row.value),
    text: String(row.text),
    epoch: Number(row.epoch),
    newestUs: Number(row.newest_t),
    writtenUs: Number(row.written),
  };
}
