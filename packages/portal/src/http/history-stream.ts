import {
  CSV_HEADER,
  csvLine,
  type ArchivedSample,
  type HistoryPage,
  type HistoryParams,
} from '@katbus/protocol';
import type { StoreClient } from '../store-client.ts';

export const HISTORY_FORMATS = ['json', 'csv'] as const;
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];

/** How a format begins, what stands between two samples, and how it ends. */
interface Layout {
  readonly head: string;
  readonly separator: string;
  readonly tail: string;
  readonly contentType: string;
  readonly line: (sample: ArchivedSample) => string;
}

export const HISTORY_LAYOUTS: Readonly<Record<HistoryFormat, Layout>> = {
  json: {
    head: '[',
    separator: ',\n',
    tail: ']\n',
    contentType: 'application/json; charset=utf-8',
    line: (sample) => JSON.stringify(sample),
  },
  csv: {
    head: CSV_HEADER,
    separator: '',
    tail: '',
    contentType: 'text/csv; charset=utf-8; header=present',
    line: csvLine,
  },
};

/** Page after page; the next one is asked for when somebody wants it. @throws {RequestError} */
export async function* historyPages(store: StoreClient, params: HistoryParams): AsyncGenerator<HistoryPage> {
  let after: string | undefined;
  do {
    const page = await store.history({ ...params, ...(after !== undefined && { after }) });
    yield page;
    after = page.next;
  } while (after !== undefined);
}

/** The text of a whole range: a piece a page. */
export async function* historyText(
  pages: AsyncIterable<HistoryPage>,
  format: HistoryFormat,
): AsyncGenerator<string> {
  const { head, separator, tail, line } = HISTORY_LAYOUTS[format];
  let before = head;
  for await (const { samples } of pages) {
    if (samples.length === 0) continue;
    yield before + samples.map((sample) => line(sample)).join(separator);
    before = separator;
  }
  yield before === head ? head + tail : tail;
}
