import uPlot from 'uplot';
import type { PlotData } from './plot-data.ts';
import type { PlotKind } from './plot-kind.ts';
import { drawStatusBand } from './status-band.ts';
import { onThemeChange, readTheme, type Theme } from './theme.ts';
import { dateTimeText } from './time-text.ts';
import { axisTexts } from './value-text.ts';

/** With more samples than this in sight the dots that mark them would hide the curve. */
const MOST_DOTS = 150;
/** A plot is a part as high as it is wide, within what fits on a screen. */
const HEIGHT_PART = 0.45;
const LOWEST_PX = 220;
const HIGHEST_PX = 420;
const TIME_AXIS_PX = 32;
/** Of the axes' labels, as app.css has it for the page. */
const FONT = '12px system-ui, sans-serif';
const PX_A_LETTER = 7.2;
const WIDEST_AXIS_PX = 150;
/** Behind a colour as #rrggbb: how much of it is seen. */
const BAND_ALPHA = '48';

const NO_DATA: PlotData = { times: [], heights: [], lows: [], highs: [], statuses: [], held: false };

/** The plot of one sensor: steps over time, a band from the least to the greatest where they are of bins, the status along its foot. */
export class Plot {
  readonly #root: HTMLElement;
  readonly #onPointer: (time: number | undefined) => void;
  #theme: Theme = readTheme();
  #kind: PlotKind = { name: 'curve' };
  #plot: uPlot | undefined;
  #data: PlotData = NO_DATA;
  #window: readonly [from: number, to: number] = [0, 1];

  /** @param onPointer the time under the pointer, Unix seconds; undefined when it leaves */
  constructor(root: HTMLElement, onPointer: (time: number | undefined) => void) {
    this.#root = root;
    this.#onPointer = onPointer;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(root);
    onThemeChange(() => {
      this.#theme = readTheme();
      this.#plot?.redraw(false);
    });
  }

  /** Begins anew, for a sensor of this kind. */
  begin(kind: PlotKind): void {
    this.#plot?.destroy();
    this.#kind = kind;
    this.#data = NO_DATA;
    this.#plot = kind.name === 'table' ? undefined : new uPlot(this.#options(), [[], [], [], []], this.#root);
  }

  /** @param window the span of time in sight, Unix seconds */
  paint(data: PlotData, window: readonly [from: number, to: number]): void {
    this.#data = data;
    this.#window = window;
    this.#plot?.setData([data.times, data.heights, data.lows, data.highs], true);
  }

  #size(): { width: number; height: number } {
    const width = this.#root.clientWidth;
    return { width, height: Math.max(LOWEST_PX, Math.min(HIGHEST_PX, Math.round(width * HEIGHT_PART))) };
  }

  #options(): uPlot.Options {
    const levels = this.#kind.name === 'levels' ? this.#kind.levels : undefined;
    const shared: uPlot.Axis = {
      stroke: () => this.#theme.text,
      grid: { stroke: () => this.#theme.grid, width: 1 },
      ticks: { stroke: () => this.#theme.grid, width: 1, size: 4 },
      font: FONT,
    };
    return {
      ...this.#size(),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
      legend: { show: false },
      padding: [12, 12, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: true, range: () => [this.#window[0], this.#window[1]] },
        y: { range: (_plot, least, most) => heightRange(this.#kind, least, most) },
      },
      axes: [
        {
          ...shared,
          size: TIME_AXIS_PX,
          space: 70,
          values: (_plot, splits, _axis, _space, stepSeconds) => timeTexts(splits, stepSeconds),
        },
        {
          ...shared,
          gap: 4,
          size: (_plot, texts) => axisWidth(texts),
          ...(levels === undefined
            ? { values: (_plot: uPlot, splits: number[]) => axisTexts(splits) }
            : { splits: levels.map((_, level) => level), values: [...levels] }),
        },
      ],
      series: [
        {},
        {
          stroke: () => this.#theme.curve,
          width: 1.5,
          paths: uPlot.paths.stepped!({ align: 1 }),
          points: {
            size: 5,
            fill: () => this.#theme.surface,
            filter: (_plot, _series, _show) => this.#dots(),
          },
        },
        // The edges of the band: nothing is seen of them but what is between.
        { paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false } },
        { paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false } },
      ],
      bands: [{ series: [3, 2], fill: () => this.#theme.curve + BAND_ALPHA }],
      hooks: {
        draw: [(plot) => drawStatusBand(plot, this.#data, this.#theme)],
        setCursor: [
          (plot) => {
            const { left } = plot.cursor;
            this.#onPointer(left === undefined || left < 0 ? undefined : plot.posToVal(left, 'x'));
          },
        ],
      },
    };
  }

  /** Where samples are, and not only held values. */
  #dots(): number[] {
    const [from] = this.#window;
    const { times, held } = this.#data;
    const samples = held ? times.length - 1 : times.length;
    const first = times.findIndex((time) => time >= from);
    if (first === -1 || samples - first > MOST_DOTS) return [];
    return Array.from({ length: Math.max(0, samples - first) }, (_, place) => first + place);
  }
}

/** A tenth more than the values need on both sides, but not beyond the usual range that they keep to. */
export function heightRange(kind: PlotKind, least: number | null, most: number | null): [number, number] {
  if (kind.name === 'levels') return [-0.5, kind.levels.length - 0.5];
  const bounds = kind.name === 'curve' ? kind.bounds : undefined;
  // Nothing to draw yet.
  if (least === null || most === null) return bounds === undefined ? [0, 1] : [...bounds];
  const [low, high] = uPlot.rangeNum(least, most, 0.1, true) as [number, number];
  if (bounds === undefined) return [low, high];
  const keepsTo = least >= bounds[0] && most <= bounds[1];
  return keepsTo ? [Math.max(low, bounds[0]), Math.min(high, bounds[1])] : [low, high];
}

function axisWidth(texts: readonly (string | null)[] | null): number {
  const longest = Math.max(2, ...(texts ?? []).map((text) => text?.length ?? 0));
  return Math.min(WIDEST_AXIS_PX, Math.ceil(longest * PX_A_LETTER) + 12);
}

/** `05:50`, with seconds where the steps are short, with the day where they are long. */
function timeTexts(splits: readonly number[], stepSeconds: number): string[] {
  return splits.map((seconds) => {
    const text = dateTimeText(seconds);
    if (stepSeconds >= 86_400) return text.slice(5, 10);
    return stepSeconds >= 60 ? text.slice(11, 16) : text.slice(11, 19);
  });
}
