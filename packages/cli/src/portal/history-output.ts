import type { PortalClient } from '@katbus/client';
import {
  CSV_HEADER,
  csvLine,
  decodeFloat,
  formatAddress,
  normalisedName,
  type ArchivedSample,
  type BinsRange,
  type CatalogueEntry,
  type HistoryParams,
  type SensorAddress,
} from '@katbus/protocol';
import { CliError } from '../cli-error.ts';
import { colouredStatus } from '../output/colours.ts';
import { Plot } from '../output/plot.ts';
import { countText } from '../output/counts.ts';
import { quantityText } from '../output/quantity.ts';
import { note, outputWidth, write } from '../output/standard-output.ts';
import { printable, utcText } from '../output/value-text.ts';
import { printBins } from './bins-output.ts';

export const HISTORY_FORMATS = ['table', 'csv', 'json', 'plot'] as const;
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];

export interface HistoryRange {
  readonly address: SensorAddress;
  /** Unix seconds; the end is not included. */
  readonly start: number;
  readonly end: number;
  readonly format: HistoryFormat;
  /** Prints bins instead of samples, or what an operator makes of them. */
  readonly bins?: Pick<BinsRange, 'bins' | 'widthSeconds'> | undefined;
  readonly operator?: Pick<HistoryParams, 'operator' | 'widthSeconds'> | undefined;
}

type Printer = (
  samples: AsyncIterable<ArchivedSample>,
  range: HistoryRange,
  entry: CatalogueEntry,
) => Promise<number>;

const PRINTERS: Readonly<Record<HistoryFormat, Printer>> = {
  table: printTable,
  csv: printCsv,
  json: printJson,
  plot: printPlot,
};

/** @throws {CliError} when the archive does not know the sensor; @throws {PortalError} */
export async function printHistory(client: PortalClient, range: HistoryRange): Promise<void> {
  const entry = await catalogueEntry(client, range.address);
  const { start, end, address, format } = range;
  if (range.bins !== undefined) {
    const bins = await printBins(client, range, range.bins, entry.attributes);
    if (bins === 0) note(nothingThere(range, entry));
    return;
  }
  const pages = client.historyAll({
    ...range.operator,
    sensor: formatAddress(address),
    start,
    end,
    // A plot begins with the value that held at its left edge.
    boundary: format === 'plot',
  });
  const count = await PRINTERS[format](samplesOf(pages), range, entry);
  if (count === 0) note(nothingThere(range, entry));
}

async function catalogueEntry(client: PortalClient, address: SensorAddress): Promise<CatalogueEntry> {
  const { component, sensor } = address;
  const { sensors } = await client.sensors({ component, filter: `^${normalisedName(address)}$` });
  const entry = sensors.find((candidate) => candidate.sensor === sensor);
  if (entry === undefined) {
    throw new CliError(
      `the archive has no sensor ${formatAddress(address)}: "katbus ls ${sensor}" looks for it`,
    );
  }
  return entry;
}

function nothingThere(
  { start, end, address }: HistoryRange,
  { firstTime, lastTime }: CatalogueEntry,
): string {
  const archived =
    firstTime === undefined || lastTime === undefined
      ? 'there are none at all yet'
      : `there are some from ${utcText(firstTime)} to ${utcText(lastTime)}`;
  return `no sample of ${formatAddress(address)} from ${utcText(start)} to ${utcText(end)}: ${archived}`;
}

async function* samplesOf(pages: AsyncIterable<{ readonly samples: readonly ArchivedSample[] }>) {
  for await (const { samples } of pages) yield* samples;
}

async function printTable(
  samples: AsyncIterable<ArchivedSample>,
  _: HistoryRange,
  { attributes }: CatalogueEntry,
): Promise<number> {
  let count = 0;
  for await (const { time, status, value } of samples) {
    if (count === 0) await write(`${'TIME (UTC)'.padEnd(23)}  ${'STATUS'.padEnd(11)}  VALUE\n`);
    const shown = quantityText(value, attributes);
    await write(`${utcText(time)}  ${colouredStatus(status, status.padEnd(11))}  ${shown}\n`);
    count += 1;
  }
  return count;
}

async function printCsv(samples: AsyncIterable<ArchivedSample>): Promise<number> {
  let count = 0;
  await write(CSV_HEADER);
  for await (const sample of samples) {
    await write(csvLine(sample));
    count += 1;
  }
  return count;
}

async function printJson(samples: AsyncIterable<ArchivedSample>): Promise<number> {
  let count = 0;
  for await (const sample of samples) {
    await write(`${JSON.stringify(sample)}\n`);
    count += 1;
  }
  return count;
}

const PLOT_ROWS = 18;
const WIDTH_WITHOUT_TERMINAL = 100;

async function printPlot(
  samples: AsyncIterable<ArchivedSample>,
  { address, start, end }: HistoryRange,
  { attributes }: CatalogueEntry,
): Promise<number> {
  const plot = new Plot({ start, end, width: outputWidth() ?? WIDTH_WITHOUT_TERMINAL, height: PLOT_ROWS });
  const seen = { count: 0, least: Infinity, most: -Infinity, last: NaN };
  for await (const { time, value } of samples) {
    const number = plottable(value, address);
    plot.add(time, number);
    seen.count += 1;
    if (!Number.isFinite(number)) continue;
    seen.least = Math.min(seen.least, number);
    seen.most = Math.max(seen.most, number);
    seen.last = number;
  }
  const lines = plot.lines();
  if (lines.length === 0) return 0;
  const units = printable(attributes?.units ?? '');
  const figure = (name: string, value: number) => `${name} ${quantityText(value, attributes)}`;
  const span = `${utcText(start).slice(0, 19)} to ${utcText(end).slice(0, 19)} UTC`;
  await write(`${formatAddress(address)}${units === '' ? '' : ` [${units}]`}   ${span}\n`);
  await write(`${lines.join('\n')}\n`);
  const figures = [figure('least', seen.least), figure('most', seen.most), figure('last', seen.last)];
  await write(`${countText(seen.count, 'sample')}, ${figures.join(', ')}\n`);
  return seen.count;
}

/** Booleans are drawn as 0 and 1. What is not finite, and no value, is a gap. @throws {CliError} for texts and arrays */
function plottable(value: ArchivedSample['value'], address: SensorAddress): number {
  if (value === null) return NaN;
  if (typeof value === 'boolean') return Number(value);
  const number = decodeFloat(value);
  if (number === undefined) {
    throw new CliError(`${formatAddress(address)} is no number and cannot be plotted: try --format table`);
  }
  return Number.isFinite(number) ? number : NaN;
}
