import type { Layout } from '../layout.ts';
import { BUCKETS_TABLE } from './bucket-registry.ts';
import { MON_TABLE } from './mon-table.ts';
import { ROWS_DEFAULTS, type RowsOptions } from './rows-options.ts';
import { RowsReader } from './rows-reader.ts';
import { ROWS_TABLE } from './rows-table.ts';
import { RowsWriter } from './rows-writer.ts';
import type { SampleTable } from './sample-table.ts';

/** A CQL row a sample, in partitions of one sensor and one stretch of time. */
export function rowsLayout(options: Partial<RowsOptions> = {}): Layout {
  return layoutOf('rows', ROWS_TABLE, options);
}

/** The same with the columns of CTA's monitoring. */
export function monLayout(options: Partial<RowsOptions> = {}): Layout {
  return layoutOf('mon', MON_TABLE, options);
}

function layoutOf(name: 'rows' | 'mon', table: SampleTable, given: Partial<RowsOptions>): Layout {
  const options: RowsOptions = { ...ROWS_DEFAULTS, ...given };
  return {
    name,
    tables: [`${table.create} ${options.tableOptions}`, BUCKETS_TABLE],
    writer: (session) => new RowsWriter(session, table, options),
    reader: (session) => new RowsReader(session, table, options),
  };
}
