import type { LayoutSensor } from '../layout.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { parseWidths } from './widths-text.ts';

const SELECT = 'SELECT component, sensor, id, widths FROM sensors';

/**
 * All sensors of an archive as layouts know them, page by page, in no order: for whoever has no catalogue, as in another thread.
 *
 * A width that changes does so from a time on that lies more than an hour ahead of its being written.
 * @throws {StoreError}
 */
export async function* readSensors(session: CqlSession): AsyncGenerator<LayoutSensor[]> {
  for await (const rows of session.pages(SELECT)) {
    yield rows.map((row) => ({
      id: Number(row.id),
      component: String(row.component),
      sensor: String(row.sensor),
      widths: parseWidths(String(row.widths)),
    }));
  }
}
