import { CASSANDRA_DEFAULTS, sampleTableOptions } from './cassandra-options.ts';
import { chunksLayout } from './chunks/chunks-layout.ts';
import type { ChunksOptions } from './chunks/chunks-options.ts';
import type { Layout, LayoutName } from './layout.ts';
import { monLayout, rowsLayout } from './rows/rows-layout.ts';
import type { RowsOptions } from './rows/rows-options.ts';
import type { SessionOptions } from './session/open-session.ts';

/** What each thread of the back end is told: plain data. */
export interface LayoutSettings {
  readonly cassandra: SessionOptions;
  readonly layout: LayoutName;
  /** Of `rows` and `mon`. */
  readonly rows?: Partial<RowsOptions> | undefined;
  /** Of `chunks`. */
  readonly chunks?: Partial<ChunksOptions> | undefined;
}

export function layoutOf({ cassandra, layout, rows, chunks }: LayoutSettings): Layout {
  const options = { ...CASSANDRA_DEFAULTS, ...cassandra };
  const tableOptions = sampleTableOptions(options);
  const { keepDays } = options;
  switch (layout) {
    case 'chunks':
      return chunksLayout({ tableOptions, keepDays, ...chunks });
    case 'rows':
      return rowsLayout({ tableOptions, keepDays, ...rows });
    case 'mon':
      return monLayout({ tableOptions, keepDays, ...rows });
  }
}
