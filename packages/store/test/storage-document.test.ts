import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { STATUSES } from '@katbus/protocol';
import { Registry } from 'prom-client';

import { SqliteBackend } from '../src/backend/sqlite/sqlite-backend.ts';
import { VALUE_KIND } from '../src/backend/value-column.ts';
import { QUARANTINE_REASONS } from '../src/backend/write-batch.ts';
import { STORE_ERROR_CODES } from '../src/errors.ts';
import { REQUEST_ERROR_CODES } from '../src/history-service/request-error.ts';
import { STORE_STATES, StoreMetrics } from '../src/store-metrics.ts';
import { parseMarkdown } from '../../../test/support/documents.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { encodeChunk } from '../src/chunk/chunk-encoder.ts';
import { batch, DAY_START_US, quarantineRow, sampleRow } from './backend/rows.ts';
import { blockOf } from '../src/backend/sample-block.ts';

const text = readFileSync(new URL('../../../STORAGE.md', import.meta.url), 'utf8');
const sql = parseMarkdown(text).blocks.filter(({ tag }) => tag.startsWith('sql '));

/** The first column of each row of the table whose header begins with `header`, without backquotes. */
function firstColumn(header: string): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\| ${header} +\\|`).test(line));
  expect(start, `there is a table "${header}"`).toBeGreaterThan(0);
  const rows: string[] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(line.split('|')[1]!.trim().replaceAll('`', ''));
  }
  return rows;
}

describe('STORAGE.md', () => {
  const paths: Record<string, string> = {};

  beforeAll(async () => {
    const folder = await temporaryFolder('document');
    const backend = await SqliteBackend.open({ directory: folder.path });
    await backend.write(
      batch({
        samples: [sampleRow({ component: 'host', sensor: 'uptime', value: 12.5 })],
        quarantine: [quarantineRow(1)],
      }),
    );
    const uptime = { component: 'host', sensor: 'uptime', timeUs: DAY_START_US - 1, value: 12 };
    await backend.write(batch({ samples: [sampleRow(uptime)] }));
    await backend.closeDay(DAY_START_US / 86_400e6 - 1);
    paths.chunks = join(folder.path, 'days', '2026-11-21.chunks-1.db');
    paths.day = join(folder.path, 'days', '2026-11-22.db');
    paths.catalogue = join(folder.path, 'catalogue.db');
    return async () => {
      await backend.close();
      await folder.remove();
    };
  });

  function inFile<Result>(file: string, work: (database: DatabaseSync) => Result): Result {
    const database = new DatabaseSync(paths[file]!, { readOnly: true });
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  test('has statements for all kinds of files', () => {
    expect(new Set(sql.map(({ tag }) => tag))).toEqual(new Set(['sql day', 'sql chunks', 'sql catalogue']));
  });

  test.each(sql)('line $line: the statement finds something, while the archiver has the file', (block) => {
    const rows = inFile(block.tag.slice(4), (database) => database.prepare(block.text).all());
    expect(rows).toHaveLength(1);
  });

  const columnsOf = (file: string, table: string) =>
    inFile(file, (database) =>
      database
        .prepare('SELECT name FROM pragma_table_info(?)')
        .all(table)
        .map(({ name }) => name),
    );

  test('names the columns of a day file', () => {
    expect(firstColumn('table `samples`')).toEqual(columnsOf('day', 'samples'));
    expect(columnsOf('day', 'sensors')).toEqual(['id', 'component', 'sensor']);
  });

  test('names the columns of a chunk file', () => {
    expect(firstColumn('table `chunks`')).toEqual(columnsOf('chunks', 'chunks'));
    expect(columnsOf('chunks', 'data')).toEqual(['id', 'bytes']);
  });

  test('has a chunk, byte by byte', () => {
    const rows: [number, number][] = [
      [0, 21.5],
      [1_000_000, 21.48],
      [2_000_150, 21.51],
    ];
    const samples = rows.map(([offsetUs, value]) =>
      sampleRow({ timeUs: DAY_START_US + offsetUs, valueTimeUs: DAY_START_US + offsetUs - 1_500, value }),
    );
    const hex = parseMarkdown(text).blocks.find((block) => block.text.startsWith('4b 42 63 6b'))?.text ?? '';
    expect(Buffer.from(encodeChunk(blockOf(samples))).toString('hex')).toBe(hex.replaceAll(/\s/g, ''));
  });

  test('names the tables and columns of the catalogue', () => {
    const tables = inFile('catalogue', (database) =>
      database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .all()
        .map(({ name }) => String(name)),
    );
    for (const table of tables) {
      const columns = columnsOf('catalogue', table).map((name) => `\`${String(name)}\``);
      const row = new RegExp(`^\\| \`${table}\` +\\| ${columns.join(', ')} +\\|$`, 'm');
      expect(text).toMatch(row);
    }
    expect(firstColumn('table').toSorted()).toEqual(tables.toSorted());
  });

  test('names the numbers of statuses and kinds', () => {
    expect(text).toContain(STATUSES.map((status, rank) => `${rank} ${status}`).join(', '));
    expect(firstColumn('`kind` +\\| the value is')).toEqual(Object.values(VALUE_KIND).map(String));
  });

  test('names every reason, state and error code', () => {
    expect(firstColumn('reason').toSorted()).toEqual([...QUARANTINE_REASONS].sort());
    expect(firstColumn('state').toSorted()).toEqual([...STORE_STATES].sort());
    const codes = text.matchAll(/^\| `([A-Z_]+)` +\|/gm).map(([, code]) => code);
    const known = [...STORE_ERROR_CODES, ...REQUEST_ERROR_CODES, 'ANSWER_TOO_LARGE'];
    expect([...codes].sort()).toEqual(known.sort());
  });

  test('names every metric', () => {
    const registry = new Registry();
    const never = () => Promise.reject(new Error('not asked'));
    new StoreMetrics(registry).watch({
      state: () => 'reading',
      floorSequence: () => 0,
      lagMessages: never,
      statistics: never,
    });
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    expect(firstColumn('metric').toSorted()).toEqual(names.sort());
  });
});
