import { textTable } from '../text-table.ts';
import type { LayoutResult } from './layout-load.ts';
import { machinesNeeded } from './machines-needed.ts';
import { LOAD_SHARE } from './sizing-options.ts';
import type { SizingResult } from './sizing-run.ts';
import { speedOf, type GridCell } from './write-grid.ts';

const BAR = 30;

/** The report as lines for a terminal. */
export function sizingLines(result: SizingResult): string[] {
  const { plan, nodes, replicationFactor } = result;
  return [
    `${nodes} node${nodes === 1 ? '' : 's'}, ${replicationFactor} ${replicationFactor === 1 ? 'copy' : 'copies'} of each row`,
    '',
    `CTA's table, ${plan.data.least} to ${plan.data.most} doubles a row: rows/s written, and between which two they were in nine of ten twentieths of the time`,
    '',
    ...gridLines(result.grid),
    '',
    ...bestLines(result),
    '',
    'The layouts of the store: samples/s',
    '',
    ...layoutLines(result.layouts),
    '',
    `Machines like ${nodes === 1 ? 'this one' : 'these'} for ${number(plan.points)} points, each loaded to ${LOAD_SHARE * 100} %`,
    '',
    ...textTable(
      ['layout', 'rate', 'samples/s', 'machines'],
      machinesNeeded(result).map(({ layout, rateHz, samplesPerSecond, machines }) => [
        layout,
        `${rateHz} Hz`,
        number(samplesPerSecond),
        String(machines),
      ]),
    ),
  ];
}

function gridLines(grid: readonly GridCell[]): string[] {
  const most = Math.max(...grid.map(speedOf), 1);
  return textTable(
    ['partitions', 'rows each', 'writers', 'rows/s', 'from', 'to', 'median ms', 'p99 ms', ''],
    grid.map((cell) => {
      const { partitionsPerBatch, rowsPerPartition, writers, outcome } = cell;
      const setting = [partitionsPerBatch, rowsPerPartition, writers].map(String);
      if (outcome.type === 'refused') return [...setting, 'refused', '-', '-', '-', '-', ''];
      const { perSecond, spread, medianMs, p99Ms, failure } = outcome.load;
      const bar = '#'.repeat(Math.round((BAR * perSecond) / most));
      return [
        ...setting,
        number(perSecond),
        spread === undefined ? '-' : number(spread.p5),
        spread === undefined ? '-' : number(spread.p95),
        milliseconds(medianMs),
        milliseconds(p99Ms),
        failure === undefined ? bar : `${bar} overloaded`,
      ];
    }),
  );
}

function bestLines({ best, read, mixed }: SizingResult): string[] {
  const reading = [
    `reading: ${number(read.perSecond)} rows/s`,
    `reading and writing at once: ${number(mixed.read.perSecond)} rows/s read, ${number(mixed.written.perSecond)} rows/s written`,
  ];
  if (best === undefined) return ['no setting was without a failure', ...reading];
  const { writers, partitionsPerBatch, rowsPerPartition } = best;
  return [
    `best: ${writers} writers, ${partitionsPerBatch} partition${partitionsPerBatch === 1 ? '' : 's'} a batch, ${rowsPerPartition} rows each: ${number(speedOf(best))} rows/s`,
    ...reading,
  ];
}

function layoutLines(layouts: readonly LayoutResult[]): string[] {
  return textTable(
    ['layout', 'sensors', 'written', 'sealed', 'samples a chunk', 'read'],
    layouts.map(({ layout, sensors, written, sealed, read }) => [
      layout,
      number(sensors),
      // One batch says how long a batch takes, not how many there can be.
      written.requests > 1 ? number(written.perSecond) : '-',
      sealed === undefined ? '-' : number(sealed.samples / sealed.seconds),
      sealed === undefined ? '-' : (sealed.samples / sealed.chunks).toFixed(0),
      read === undefined ? '-' : number(read.perSecond),
    ]),
  );
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function milliseconds(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(1);
}
