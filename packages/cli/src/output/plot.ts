import { niceScale, rowLabels, timeAxis } from './plot-axes.ts';

export interface PlotOptions {
  /** Unix seconds: the plot's left and right edge. */
  readonly start: number;
  readonly end: number;
  /** Characters of the whole, axes and labels included. */
  readonly width: number;
  readonly height: number;
}

/** What fell on one column of dots; `last` holds until the next column that has something, NaN: nothing does. */
interface Extent {
  least: number;
  most: number;
  last: number;
}

/** A braille character is two dots wide and four high; its code point adds the bits of its dots (Unicode, U+2800). */
const DOTS_WIDE = 2;
const DOTS_HIGH = 4;
const DOT_BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const BLANK_BRAILLE = 0x2800;

const LABEL_WIDTH = 11;
const AXIS_ROWS = 2;
const ROWS_PER_TICK = 3;

/**
 * A plot for the terminal. It keeps one record a column of dots, however many samples are added. A value holds until the
 * next one, as a sensor's does; where several fall on a column, all between the least and the most is drawn.
 */
export class Plot {
  private readonly options: PlotOptions;
  private readonly cells: number;
  private readonly columns: (Extent | undefined)[];
  /** What held when the plot begins. */
  private before = NaN;

  constructor(options: PlotOptions) {
    this.options = options;
    this.cells = Math.max(10, options.width - LABEL_WIDTH - 2);
    this.columns = new Array<Extent | undefined>(this.cells * DOTS_WIDE).fill(undefined);
  }

  /** Samples come in order of time, those before the start too. NaN ends what was held and leaves a gap. */
  add(time: number, value: number): void {
    const { start, end } = this.options;
    if (time < start) {
      this.before = value;
      return;
    }
    const place = Math.floor(((time - start) / (end - start)) * this.columns.length);
    const extent = this.columns[Math.min(place, this.columns.length - 1)];
    if (extent === undefined) {
      const from = Number.isNaN(value) ? { least: Infinity, most: -Infinity } : { least: value, most: value };
      this.columns[Math.min(place, this.columns.length - 1)] = { ...from, last: value };
      return;
    }
    if (value < extent.least) extent.least = value;
    if (value > extent.most) extent.most = value;
    extent.last = value;
  }

  /** The plot's lines, top to bottom, with axes; empty when there is nothing to draw. */
  lines(): string[] {
    const extents = this.columns.filter((extent) => extent !== undefined);
    const least = extents.reduce(
      (all, extent) => Math.min(all, extent.least),
      Number.isNaN(this.before) ? Infinity : this.before,
    );
    const most = extents.reduce(
      (all, extent) => Math.max(all, extent.most),
      Number.isNaN(this.before) ? -Infinity : this.before,
    );
    if (!Number.isFinite(least) || !Number.isFinite(most)) return [];
    const rows = Math.max(3, this.options.height - AXIS_ROWS);
    const scale = niceScale(least, most, Math.floor(rows / ROWS_PER_TICK) + 1);
    const labels = rowLabels(rows, scale);
    const drawn = this.draw(rows, scale.low, scale.high).map((row, place) => {
      const label = labels.get(place);
      return `${(label ?? '').padStart(LABEL_WIDTH)} ${label === undefined ? '│' : '┤'}${row}`;
    });
    const [axis, times] = timeAxis(this.options.start, this.options.end, this.cells);
    const indent = ' '.repeat(LABEL_WIDTH + 1);
    return [...drawn, `${indent}└${axis}`, `${indent} ${times}`.trimEnd()];
  }

  private draw(rows: number, low: number, high: number): string[] {
    const lowestDot = rows * DOTS_HIGH - 1;
    const dotOf = (value: number) => Math.round(((high - value) / (high - low)) * lowestDot);
    const bits = Array.from({ length: rows }, () => new Array<number>(this.cells).fill(0));
    let held = this.before;
    this.columns.forEach((extent, column) => {
      // The line from what was held to what came: Math.max and Math.min would let NaN through.
      const most = Math.max(extent?.most ?? -Infinity, Number.isNaN(held) ? -Infinity : held);
      const least = Math.min(extent?.least ?? Infinity, Number.isNaN(held) ? Infinity : held);
      for (let dot = dotOf(most); most >= least && dot <= dotOf(least); dot += 1) {
        const row = bits[Math.floor(dot / DOTS_HIGH)];
        const cell = Math.floor(column / DOTS_WIDE);
        if (row !== undefined) row[cell] = (row[cell] ?? 0) | (DOT_BITS[column % 2]?.[dot % DOTS_HIGH] ?? 0);
      }
      if (extent !== undefined) held = extent.last;
    });
    return bits.map((row) =>
      row
        .map((dots) => String.fromCharCode(BLANK_BRAILLE + dots))
        .join('')
        .trimEnd(),
    );
  }
}
