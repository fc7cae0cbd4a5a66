import type { BinColumn, BinSeries, BinsPage } from './store/bins.ts';
import { isoText } from './time.ts';
import { csvField } from './history-csv.ts';

/** Bins as CSV (RFC 4180), from the portal and from the CLI alike; PROTOCOL.md, "HTTP". */

/** What a line of a sensor of states or arrays has beside its bin. */
const OTHER_COLUMNS = ['count', 'status', 'last', 'held'] as const;

/** The columns of a file: those asked for of the numeric sensors, and those of states and arrays. */
export function binsCsvHeader(columns: readonly BinColumn[]): string {
  const all = [...new Set([...columns, ...OTHER_COLUMNS])];
  return `sensor,bin,start,iso,${all.join(',')}\r\n`;
}

/**
 * The bins of one series, a line each.
 * @param columns as of the header
 */
export function binsCsvLines(
  series: BinSeries,
  { start, width }: Pick<BinsPage, 'start' | 'width'>,
  columns: readonly BinColumn[],
): string {
  const all = [...new Set([...columns, ...OTHER_COLUMNS])];
  const lines = series.bin.map((bin, place) => {
    // Whole microseconds: bins do not drift from their place by adding doubles.
    const begin = Math.round(start * 1e6 + bin * width * 1e6) / 1e6;
    const cells = all.map((column) => cellOf(series, column, place));
    return `${series.component}.${series.sensor},${bin},${begin},${isoText(begin)},${cells.join(',')}\r\n`;
  });
  return lines.join('');
}

function cellOf(series: BinSeries, column: string, place: number): string {
  if (series.kind === 'state' && column === 'last')
    return csvField(series.states[series.last[place]!] ?? null);
  if (series.kind === 'state' && column === 'held') {
    const pairs = series.held[place]!.map(([state, seconds]) => [series.states[state], seconds]);
    return csvField(JSON.stringify(pairs));
  }
  const values = (series as unknown as Record<string, readonly (number | string | null)[] | undefined>)[
    column
  ];
  return csvField(values?.[place] ?? null);
}
