import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Attributes, SensorAddress } from '@katbus/protocol';
import type {
  AttributesSpan,
  CatalogueQuery,
  CatalogueRow,
  LatestQuery,
  Page,
  QuarantinePage,
  QuarantineQuery,
  TallyPart,
} from '../backend.ts';
import { PageFiller } from '../page-filler.ts';
import { catalogueMatcher, subjectMatcher } from '../sensor-match.ts';
import { wireBytes, type SampleRow } from '../stored-sample.ts';
import type { GapRow, QuarantinedRow, QuarantineReason, StreamFloor } from '../write-batch.ts';
import { CATALOGUE_FILE } from './catalogue-schema.ts';
import { SAMPLE_COLUMNS, toSample } from './sample-row.ts';
import { attempt, openForReading } from './sqlite-file.ts';

type Row = Record<string, SQLOutputValue>;

/** What a catalogue row takes as JSON beside its attributes, about. */
const ROW_BYTES = 150;

/** Reads the catalogue. @throws {StoreError} in every method */
export class CatalogueReader {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #sensorsAfter: StatementSync;
  readonly #oneSensor: StatementSync;
  readonly #attributesOf: StatementSync;
  readonly #latestOf: StatementSync;

  constructor(path: string) {
    this.#path = path;
    this.#database = openForReading(path, CATALOGUE_FILE);
    const select = `
      SELECT id, component, sensors.sensor AS sensor, katcp_name, first_t, latest.t AS latest_t, epoch
      FROM sensors LEFT JOIN latest ON latest.sensor = sensors.id
        LEFT JOIN latest_epochs ON latest_epochs.sensor = sensors.id`;
    this.#sensorsAfter = this.#database.prepare(
      `${select} WHERE (component, sensors.sensor) > (?, ?) ORDER BY component, sensors.sensor`,
    );
    this.#oneSensor = this.#database.prepare(`${select} WHERE component = ? AND sensors.sensor = ?`);
    this.#attributesOf = this.#database.prepare(
      'SELECT from_t, json FROM attributes WHERE sensor = ? ORDER BY from_t DESC',
    );
    this.#latestOf = this.#database.prepare(`SELECT ${SAMPLE_COLUMNS} FROM latest WHERE sensor = ?`);
    this.#latestOf.setReturnArrays(true);
  }

  catalogue(query: CatalogueQuery): Page<CatalogueRow> {
    const matches = catalogueMatcher(query);
    return this.#page(query, query.component, (row, filler) => {
      const katcp = row.katcp_name === null ? undefined : String(row.katcp_name);
      if (!matches(addressOf(row), katcp)) return true;
      const newest = this.#newestAttributes(row);
      return filler.add(toCatalogueRow(row, newest), ROW_BYTES + (newest?.json.length ?? 0));
    });
  }

  sensor({ component, sensor }: SensorAddress): CatalogueRow | undefined {
    return attempt(this.#path, () => {
      const row = this.#oneSensor.get(component, sensor);
      return row === undefined ? undefined : toCatalogueRow(row, this.#newestAttributes(row));
    });
  }

  latest(query: LatestQuery): Page<SampleRow> {
    const matches = subjectMatcher(query.subjects);
    return this.#page(query, undefined, (row, filler) => {
      const address = addressOf(row);
      if (row.latest_t === null || !matches(address)) return true;
      const latest = this.#latestOf.get(row.id!) as unknown as SQLOutputValue[];
      const sample = toSample(latest);
      return filler.add({ ...address, ...sample }, wireBytes(sample));
    });
  }

  attributesHistory(address: SensorAddress, startUs: number, endUs: number): AttributesSpan[] {
    return attempt(this.#path, () => {
      const sensor = this.#oneSensor.get(address.component, address.sensor);
      const spans: AttributesSpan[] = [];
      if (sensor === undefined) return spans;
      for (const { from_t, json } of this.#attributesOf.iterate(sensor.id!)) {
        const fromUs = Number(from_t);
        if (fromUs >= endUs) continue;
        spans.unshift({ fromUs, attributes: JSON.parse(String(json)) as Attributes });
        if (fromUs <= startUs) break;
      }
      return spans;
    });
  }

  floor(): StreamFloor | undefined {
    return attempt(this.#path, () => {
      const row = this.#database.prepare('SELECT sequence, stream_created, message_t FROM floor').get();
      if (row === undefined) return undefined;
      return {
        sequence: Number(row.sequence),
        streamCreated: String(row.stream_created),
        messageUs: Number(row.message_t),
      };
    });
  }

  quarantine({ after, limit, bytes = Infinity, ids, reason, sinceUs }: QuarantineQuery): QuarantinePage {
    return attempt(this.#path, () => {
      const statement = this.#database.prepare(`
        SELECT * FROM quarantine
        WHERE id > ?1 AND (?2 IS NULL OR reason = ?2) AND (?3 IS NULL OR received_t >= ?3)
          AND (?4 IS NULL OR id IN (SELECT value FROM json_each(?4)))
        ORDER BY id LIMIT ?5`);
      const wanted = ids === undefined ? null : JSON.stringify(ids);
      const rows: QuarantinedRow[] = [];
      let taken = 0;
      // One more than asked for tells whether more follow.
      for (const row of statement.iterate(after ?? 0, reason ?? null, sinceUs ?? null, wanted, limit + 1)) {
        const payload = row.payload as Uint8Array;
        taken += payload.length;
        if (rows.length >= limit || (taken > bytes && rows.length > 0)) {
          return { rows, next: rows.at(-1)?.id };
        }
        rows.push({
          id: Number(row.id),
          sequence: Number(row.sequence),
          receivedUs: Number(row.received_t),
          subject: String(row.subject),
          reason: String(row.reason) as QuarantineReason,
          text: String(row.text),
          field: String(row.field),
          payload,
        });
      }
      return { rows, next: undefined };
    });
  }

  gaps(): GapRow[] {
    return attempt(this.#path, () =>
      this.#database
        .prepare('SELECT * FROM gaps ORDER BY id')
        .all()
        .map((row) => ({
          fromSequence: Number(row.from_sequence),
          toSequence: Number(row.to_sequence),
          fromUs: Number(row.from_t),
          toUs: Number(row.to_t),
          ...(row.messages === null ? {} : { messages: Number(row.messages) }),
          reason: String(row.reason),
        })),
    );
  }

  tallies(): TallyPart[] {
    return attempt(this.#path, () =>
      this.#database
        .prepare('SELECT name, data FROM tallies')
        .all()
        .map(({ name, data }) => ({ name: String(name), data: data as Uint8Array })),
    );
  }

  close(): void {
    this.#database.close();
  }

  /** @param take whether another row may follow */
  #page<Entry extends SensorAddress>(
    { after, limit, bytes }: CatalogueQuery | LatestQuery,
    component: string | undefined,
    take: (row: Row, filler: PageFiller<Entry>) => boolean,
  ): Page<Entry> {
    return attempt(this.#path, () => {
      const filler = new PageFiller<Entry>(limit, bytes);
      // No token is empty: (component, '') stands before the component's first sensor.
      const from = after ?? { component: component ?? '', sensor: '' };
      for (const row of this.#sensorsAfter.iterate(from.component, from.sensor)) {
        if (component !== undefined && String(row.component) > component) break;
        if (!take(row, filler)) break;
      }
      return filler.page();
    });
  }

  #newestAttributes(row: Row): NewestAttributes | undefined {
    const newest = this.#attributesOf.get(row.id!);
    return newest && { json: String(newest.json), fromUs: Number(newest.from_t) };
  }
}

interface NewestAttributes {
  readonly json: string;
  readonly fromUs: number;
}

function toCatalogueRow(row: Row, newest: NewestAttributes | undefined): CatalogueRow {
  return {
    ...addressOf(row),
    attributes: newest && (JSON.parse(newest.json) as Attributes),
    firstUs: row.first_t === null ? undefined : Number(row.first_t),
    lastUs: row.latest_t === null ? undefined : Number(row.latest_t),
    attributesFromUs: newest?.fromUs,
    latestEpoch: Number(row.epoch ?? 0),
  };
}

function addressOf(row: Row): SensorAddress {
  return { component: String(row.component), sensor: String(row.sensor) };
}
