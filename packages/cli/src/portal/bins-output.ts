import type { PortalClient } from '@katbus/client';
import {
  binsCsvHeader,
  binsCsvLines,
  decodeFloat,
  DEFAULT_BIN_COLUMNS,
  formatAddress,
  type Attributes,
  type BinNumber,
  type BinSeries,
  type BinsPage,
  type BinsRange,
} from '@katbus/protocol';
import { CliError } from '../cli-error.ts';
import { colouredStatus } from '../output/colours.ts';
import { countText } from '../output/counts.ts';
import { Plot } from '../output/plot.ts';
import { quantityText } from '../output/quantity.ts';
import { outputWidth, write } from '../output/standard-output.ts';
import { printable, utcText } from '../output/value-text.ts';
import type { HistoryRange } from './history-output.ts';

/** A bin of one sensor as it is printed: `count`, `min` and what else there is of it. */
interface Bin {
  /** Unix seconds. */
  readonly start: number;
  readonly series: BinSeries;
  readonly place: number;
}

type Pages = AsyncIterable<BinsPage>;
type Printer = (pages: Pages, range: HistoryRange, attributes: Attributes | undefined) => Promise<number>;

const PRINTERS: Readonly<Record<HistoryRange['format'], Printer>> = {
  table: printTable,
  csv: printCsv,
  json: printJson,
  plot: printPlot,
};

/** @returns how many bins there were @throws {PortalError} */
export function printBins(
  client: PortalClient,
  range: HistoryRange,
  grid: Pick<BinsRange, 'bins' | 'widthSeconds'>,
  attributes: Attributes | undefined,
): Promise<number> {
  const { address, start, end, format } = range;
  const pages = client.binsAll({ sensors: [formatAddress(address)], start, end, ...grid });
  return PRINTERS[format](pages, range, attributes);
}

async function* binsOf(pages: Pages): AsyncGenerator<Bin> {
  for await (const page of pages) {
    for (const series of page.series) {
      for (const [place, bin] of series.bin.entries())
        yield { start: page.start + bin * page.width, series, place };
    }
  }
}

async function printTable(
  pages: Pages,
  _: HistoryRange,
  attributes: Attributes | undefined,
): Promise<number> {
  let count = 0;
  for await (const bin of binsOf(pages)) {
    if (count === 0) await write(`${heading(bin.series)}\n`);
    await write(`${tableLine(bin, attributes)}\n`);
    count += 1;
  }
  return count;
}

const TIME_WIDTH = 23;
const STATUS_WIDTH = 11;
const NUMBER_WIDTH = 12;

function heading({ kind }: BinSeries): string {
  const numbers = ['MIN', 'MEAN', 'MAX'].map((title) => title.padStart(NUMBER_WIDTH)).join('  ');
  const rest = { number: numbers, state: 'HELD', array: 'LAST' }[kind];
  return `${'FROM (UTC)'.padEnd(TIME_WIDTH)}  ${'SAMPLES'.padStart(7)}  ${'STATUS'.padEnd(STATUS_WIDTH)}  ${rest}`;
}

function tableLine({ start, series, place }: Bin, attributes: Attributes | undefined): string {
  const status = series.status?.[place] ?? 'unknown';
  const samples = String(series.count?.[place] ?? '').padStart(7);
  const head = `${utcText(start)}  ${samples}  ${colouredStatus(status, status.padEnd(STATUS_WIDTH))}`;
  switch (series.kind) {
    case 'number': {
      const figure = (column: readonly BinNumber[] | undefined) =>
        quantityText(column?.[place] ?? null, attributes).padStart(NUMBER_WIDTH);
      return `${head}  ${figure(series.min)}  ${figure(series.mean)}  ${figure(series.max)}`;
    }
    case 'state': {
      const held = series.held[place] ?? [];
      const texts = held.map(([state, seconds]) => `${printable(String(series.states[state]))} ${seconds} s`);
      return `${head}  ${texts.join(', ')}`;
    }
    case 'array':
      return `${head}  ${quantityText(series.last[place] ?? null, attributes)}`;
  }
}

async function printCsv(pages: Pages): Promise<number> {
  let count = 0;
  await write(binsCsvHeader(DEFAULT_BIN_COLUMNS));
  for await (const page of pages) {
    for (const series of page.series) {
      await write(binsCsvLines(series, page, DEFAULT_BIN_COLUMNS));
      count += series.bin.length;
    }
  }
  return count;
}

/** What a series has that is not of each bin. */
const NO_COLUMNS: readonly string[] = ['component', 'sensor', 'kind', 'before', 'states'];

/** An object a bin, a line each. */
async function printJson(pages: Pages): Promise<number> {
  let count = 0;
  for await (const { start, series, place } of binsOf(pages)) {
    const fields = Object.entries(series as unknown as Record<string, readonly unknown[]>)
      .filter(([name]) => !NO_COLUMNS.includes(name))
      .map(([name, column]) => [name, column[place]] as const);
    const states =
      series.kind === 'state'
        ? {
            last: series.states[series.last[place] ?? -1] ?? null,
            held: series.held[place]?.map(([state, seconds]) => [series.states[state], seconds]),
          }
        : {};
    await write(`${JSON.stringify({ start, ...Object.fromEntries(fields), ...states })}\n`);
    count += 1;
  }
  return count;
}

const PLOT_ROWS = 18;
const WIDTH_WITHOUT_TERMINAL = 100;

/** Between the least and the greatest of each bin. */
async function printPlot(
  pages: Pages,
  { address, start, end }: HistoryRange,
  attributes: Attributes | undefined,
): Promise<number> {
  const plot = new Plot({ start, end, width: outputWidth() ?? WIDTH_WITHOUT_TERMINAL, height: PLOT_ROWS });
  let samples = 0;
  let bins = 0;
  for await (const { start: begin, series, place } of binsOf(pages)) {
    if (series.kind !== 'number') {
      throw new CliError(`${formatAddress(address)} is no number and cannot be plotted: try --format table`);
    }
    for (const column of [series.min, series.max, series.mean]) {
      const number = decodeFloat(column?.[place]);
      if (number !== undefined && Number.isFinite(number)) plot.add(Math.max(begin, start), number);
    }
    samples += series.count?.[place] ?? 0;
    bins += 1;
  }
  const lines = plot.lines();
  if (lines.length === 0) return 0;
  const units = printable(attributes?.units ?? '');
  await write(`${formatAddress(address)}${units === '' ? '' : ` [${units}]`}   least to most of each bin\n`);
  await write(`${lines.join('\n')}\n${countText(samples, 'sample')} in ${countText(bins, 'bin')}\n`);
  return bins;
}
