import type { SizingPlan } from './sizing-options.ts';
import { speedOf, type GridCell } from './write-grid.ts';

const WIDTH = 860;
const HEIGHT = 520;
const LEFT = 90;
const RIGHT = 230;
const TOP = 50;
const BOTTOM = 60;
/** Told apart in grey too: each line has its own dashes. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#7f7f7f'];
const DASHES = ['', '8 3', '2 3', '8 3 2 3'];

/** CTA's figure 3 as SVG: rows a second over writers, a line for each kind of batch, both axes logarithmic. */
export function sizingPlot(grid: readonly GridCell[], { writers, data }: SizingPlan): string {
  const lines = linesOf(grid);
  const most = 10 ** Math.ceil(Math.log10(Math.max(...grid.map(speedOf), 10)));
  const least =
    10 ** Math.floor(Math.log10(Math.max(1, Math.min(...grid.map(speedOf).filter((speed) => speed > 0)))));
  const x = logarithmic(Math.min(...writers), Math.max(...writers), LEFT, WIDTH - RIGHT);
  const y = logarithmic(least, most, HEIGHT - BOTTOM, TOP);
  const parts = [
    `<text x="${LEFT}" y="24" font-size="16">Rows/s written, CTA's table, ${data.least} to ${data.most} doubles a row</text>`,
    ...decades(least, most).map((value) => horizontal(value, y(value))),
    ...writers.map((value) => label(x(value), HEIGHT - BOTTOM + 20, String(value), 'middle')),
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, 'writers', 'middle'),
    ...lines.flatMap(({ name, cells }, place) => drawn(name, cells, place, { x, y })),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`;
}

type Scale = (value: number) => number;

interface Line {
  readonly name: string;
  readonly cells: readonly GridCell[];
}

function linesOf(grid: readonly GridCell[]): Line[] {
  const byKind = Map.groupBy(
    grid.filter((cell) => speedOf(cell) > 0),
    ({ partitionsPerBatch, rowsPerPartition }) => `${partitionsPerBatch} x ${rowsPerPartition}`,
  );
  return [...byKind].map(([name, cells]) => ({ name, cells }));
}

function drawn(
  name: string,
  cells: readonly GridCell[],
  place: number,
  { x, y }: { readonly x: Scale; readonly y: Scale },
): string[] {
  const colour = COLOURS[place % COLOURS.length]!;
  const dash = DASHES[Math.floor(place / COLOURS.length) % DASHES.length]!;
  const points = cells.map((cell) => [x(cell.writers), y(speedOf(cell))] as const);
  const keyY = TOP + 20 + place * 20;
  const keyX = WIDTH - RIGHT + 30;
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}" points="${points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')}"/>`,
    ...points.map(
      ([px, py]) => `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3" fill="${colour}"/>`,
    ),
    `<line x1="${keyX}" x2="${keyX + 30}" y1="${keyY - 4}" y2="${keyY - 4}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`,
    label(keyX + 38, keyY, `${name} (partitions x rows)`, 'start'),
  ];
}

function horizontal(value: number, y: number): string {
  const line = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#ccc"/>`;
  return `${line}${label(LEFT - 8, y + 4, value.toLocaleString('en'), 'end')}`;
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${text}</text>`;
}

function decades(least: number, most: number): number[] {
  const values: number[] = [];
  for (let value = least; value <= most; value *= 10) values.push(value);
  return values;
}

function logarithmic(least: number, most: number, from: number, to: number): Scale {
  const span = Math.log(most / least);
  return (value) => (span === 0 ? (from + to) / 2 : from + ((to - from) * Math.log(value / least)) / span);
}
