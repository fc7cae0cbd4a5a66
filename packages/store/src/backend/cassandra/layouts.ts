import { chunksLayout } from './chunks/chunks-layout.ts';
import type { Layout, LayoutName } from './layout.ts';
import { monLayout } from './rows/mon-layout.ts';
import { rowsLayout } from './rows/rows-layout.ts';
import type { SessionOptions } from './session/open-session.ts';

/** What each thread of the back end is told: plain data. */
export interface LayoutSettings {
  readonly cassandra: SessionOptions;
  readonly layout: LayoutName;
}

export const LAYOUTS = ['chunks', 'rows', 'mon'] as const satisfies readonly LayoutName[];

export function layoutOf({ layout }: LayoutSettings): Layout {
  switch (layout) {
    case 'chunks':
      return chunksLayout();
    case 'rows':
      return rowsLayout();
    case 'mon':
      return monLayout();
  }
}
