import { setImmediate } from 'node:timers/promises';
import { toArchivedSample } from '../backend/stored-sample.ts';
import { ArrayBins } from './array-bins.ts';
import type { BinsPart, BinsPosition, BinsQuery, BinsSeriesQuery } from './bins-query.ts';
import type { SampleSource } from './sample-source.ts';
import { NumberBins } from './number-bins.ts';
import { PageRoom } from './page-room.ts';
import type { SeriesBins } from './series-bins.ts';
import { StateBins } from './state-bins.ts';

/** Reads one page of bins. */
export async function readBins(source: SampleSource, query: BinsQuery): Promise<BinsPart> {
  const room = new PageRoom(query.mostBytes);
  const deadlineMs = performance.now() + query.mostMs;
  const isOver = () => room.isFull || performance.now() > deadlineMs;
  const texts: string[] = [];
  let from = query.from ?? { series: 0 };
  for (;;) {
    const series = query.series[from.series];
    if (series === undefined) return { series: texts, next: undefined };
    const { text, next } = await readSeries(source, query, series, from, room, isOver);
    texts.push(text);
    from = next ?? { series: from.series + 1 };
    if (next !== undefined || (isOver() && from.series < query.series.length)) {
      return { series: texts, next: from };
    }
  }
}

/** One sensor, as far as the page goes. @returns where it stopped; undefined when it is done */
async function readSeries(
  source: SampleSource,
  query: BinsQuery,
  { address, kind }: BinsSeriesQuery,
  from: BinsPosition,
  room: PageRoom,
  isOver: () => boolean,
): Promise<{ text: string; next: BinsPosition | undefined }> {
  const { grid, boundary } = query;
  const bins = seriesBins(query, kind, room, from.carried);
  const isFirst = from.atUs === undefined;
  const entersBeforeUs = bins.entersBeforeUs ?? (boundary && isFirst ? grid.startUs : undefined);
  const entering =
    entersBeforeUs === undefined ? undefined : await source.lastBefore(address, entersBeforeUs);
  if (entering !== undefined) bins.enter(entering);

  let atUs = from.atUs ?? grid.startUs;
  let state: 'reading' | 'stopped' = 'reading';
  const options = { maySumUp: (firstUs: number, lastUs: number) => bins.maySumUp(firstUs, lastUs) };
  for await (const { block, summary, reachedUs } of source.pieces(address, atUs, grid.endUs, options)) {
    const left = block === undefined ? bins.takeSummary(summary) : bins.take(block);
    atUs = left ?? reachedUs;
    if (left !== undefined || (isOver() && atUs < grid.endUs)) {
      state = 'stopped';
      break;
    }
    // Other calls have their turn.
    await setImmediate();
  }
  if (state === 'reading') atUs = grid.endUs;
  const isDone = state === 'reading' && bins.finish();
  const before = boundary && isFirst && entering !== undefined ? { before: toArchivedSample(entering) } : {};
  const { component, sensor } = address;
  const text = JSON.stringify({ component, sensor, kind, ...before, ...bins.columns() });
  const next = isDone ? undefined : { series: from.series, atUs, carried: bins.carried() };
  return { text, next };
}

function seriesBins(
  { grid, columns, nowUs }: BinsQuery,
  kind: BinsSeriesQuery['kind'],
  room: PageRoom,
  carried: unknown,
): SeriesBins {
  switch (kind) {
    case 'number':
      return new NumberBins(grid, room, columns, carried);
    case 'state':
      return new StateBins(grid, room, Math.min(grid.endUs, nowUs), carried);
    case 'array':
      return new ArrayBins(grid, room, carried);
  }
}
