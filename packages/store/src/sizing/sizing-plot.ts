import type { SizingPlan } from './sizing-options.ts';
import type { Spread } from './spread.ts';
import type { GridCell } from './write-grid.ts';

const PANEL_WIDTH = 300;
const PANEL_GAP = 24;
const HEIGHT = 520;
const LEFT = 90;
const RIGHT = 160;
const TOP = 76;
const BOTTOM = 60;
/** Of a box, and between the middles of two that stand side by side. */
const BOX_WIDTH = 9;
const BOX_STEP = 13;
/** Told apart by those who do not see all colours alike (Okabe and Ito), and in grey by their order, which is that of the key. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#7f7f7f'];

/**
 * CTA's figure 3 as SVG: how rows a second are spread, for each number of partitions in a batch a panel, over writers, a box for each number of rows
 * a partition: from the lower to the upper quarter, a line at the median, whiskers from 5 to 95 %.
 */
export function sizingPlot(grid: readonly GridCell[], { data }: Pick<SizingPlan, 'data'>): string {
  const boxes = grid.map(boxOf).filter((box) => box !== undefined);
  const panels = distinct(grid.map(({ partitionsPerBatch }) => partitionsPerBatch));
  const rows = distinct(grid.map(({ rowsPerPartition }) => rowsPerPartition));
  const writers = distinct(grid.map((cell) => cell.writers));
  const speeds = boxes
    .flatMap(({ spread }) => Object.values(spread) as number[])
    .filter((speed) => speed > 0);
  const least = 10 ** Math.floor(Math.log10(Math.min(...speeds, 1e9)));
  const most = Math.max(10 * least, 10 ** Math.ceil(Math.log10(Math.max(...speeds, 1))));
  const y = (speed: number) =>
    HEIGHT -
    BOTTOM -
    ((HEIGHT - BOTTOM - TOP) * Math.log(Math.max(speed, least) / least)) / Math.log(most / least);
  const width = LEFT + panels.length * (PANEL_WIDTH + PANEL_GAP) + RIGHT;
  const key = rows.map((count, place) => keyEntry(place, count, width - RIGHT + 10));
  const drawn = panels.map((partitions, place) => {
    const left = LEFT + place * (PANEL_WIDTH + PANEL_GAP);
    const x = (of: number) => left + ((writers.indexOf(of) + 0.5) * PANEL_WIDTH) / writers.length;
    const own = boxes.filter(({ cell }) => cell.partitionsPerBatch === partitions);
    return [
      ...decades(least, most).map((speed) => gridLine(left, y(speed))),
      ...writers.map((count) => text(x(count), HEIGHT - BOTTOM + 20, String(count), 'middle')),
      text(left + PANEL_WIDTH / 2, HEIGHT - 16, 'writers', 'middle'),
      text(left + PANEL_WIDTH / 2, TOP - 14, `${counted(partitions, 'partition')} a batch`, 'middle'),
      ...(own.length === 0 ? [text(left + PANEL_WIDTH / 2, HEIGHT / 2, 'refused', 'middle')] : []),
      ...own.flatMap(({ cell, spread }) => {
        const row = rows.indexOf(cell.rowsPerPartition);
        return box(
          x(cell.writers) + (row - (rows.length - 1) / 2) * BOX_STEP,
          spread,
          COLOURS[row % COLOURS.length]!,
          y,
        );
      }),
    ];
  });
  const parts = [
    text(
      LEFT,
      26,
      `Rows/s written into CTA\u2019s table, ${data.least} to ${data.most} doubles a row`,
      'start',
      16,
    ),
    ...decades(least, most).map((speed) => text(LEFT - 8, y(speed) + 4, speed.toLocaleString('en'), 'end')),
    ...drawn.flat(),
    ...key.flat(),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`;
}

interface Box {
  readonly cell: GridCell;
  readonly spread: Spread;
}

function boxOf(cell: GridCell): Box | undefined {
  const { outcome } = cell;
  const spread = outcome.type === 'measured' ? outcome.load.spread : undefined;
  return spread && { cell, spread };
}

function box(middle: number, spread: Spread, colour: string, y: (speed: number) => number): string[] {
  const { p5, p25, median, p75, p95 } = spread;
  const left = middle - BOX_WIDTH / 2;
  const edges = `x="${left.toFixed(1)}" width="${BOX_WIDTH}"`;
  return [
    line(middle, y(p95), middle, y(p5), colour, 1),
    `<rect class="box" ${edges} y="${y(p75).toFixed(1)}" height="${Math.max(1, y(p25) - y(p75)).toFixed(1)}" fill="white" stroke="${colour}"/>`,
    line(left, y(median), left + BOX_WIDTH, y(median), colour, 3),
  ];
}

function keyEntry(place: number, rows: number, left: number): string[] {
  const y = TOP + 12 + place * 22;
  const colour = COLOURS[place % COLOURS.length]!;
  return [
    `<rect x="${left}" y="${y - 10}" width="${BOX_WIDTH}" height="12" fill="white" stroke="${colour}"/>`,
    line(left, y - 4, left + BOX_WIDTH, y - 4, colour, 3),
    text(left + 18, y, `${counted(rows, 'row')} a partition`, 'start'),
  ];
}

function gridLine(left: number, y: number): string {
  return line(left, y, left + PANEL_WIDTH, y, '#ccc', 1);
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, width: number): string {
  const [from, to] = [
    [x1, y1],
    [x2, y2],
  ].map((point) => point.map((place) => place.toFixed(1)));
  return `<line x1="${from![0]}" y1="${from![1]}" x2="${to![0]}" y2="${to![1]}" stroke="${colour}" stroke-width="${width}"/>`;
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', size = 12): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}">${words}</text>`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

function distinct(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function decades(least: number, most: number): number[] {
  const values: number[] = [];
  for (let value = least; value <= most; value *= 10) values.push(value);
  return values;
}
