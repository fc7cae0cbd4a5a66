/** An axis from `low` to `high` with a tick at each multiple of `step` between. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

/** Around the numbers, with round steps (1, 2, 2.5 or 5 times a power of ten), at most so many ticks. */
export function niceScale(least: number, most: number, mostTicks: number): Scale {
  // A constant gets room on both sides: a line at the edge looks like an axis.
  const margin = least === most ? Math.abs(least) * 0.1 || 1 : 0;
  const [from, to] = [least - margin, most + margin];
  const raw = (to - from) / Math.max(1, mostTicks - 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  for (const factor of [1, 2, 2.5, 5, 10, 20, 25, 50]) {
    const step = factor * power;
    const [low, high] = [Math.floor(from / step) * step, Math.ceil(to / step) * step];
    if (Math.round((high - low) / step) + 1 <= mostTicks) return { low, high, step };
  }
  return { low: from, high: to, step: to - from };
}

/** Labels of the ticks by the text row that they fall on, the topmost row being 0. */
export function rowLabels(rows: number, { low, high, step }: Scale): Map<number, string> {
  const labels = new Map<number, string>();
  const prefix =
    PREFIXES.find(({ factor }) => Math.max(Math.abs(low), Math.abs(high)) >= factor * 10) ?? NO_PREFIX;
  const decimals = decimalsOf(step / prefix.factor);
  const ticks = Math.round((high - low) / step);
  for (let tick = 0; tick <= ticks; tick += 1) {
    const value = low + tick * step;
    const row = Math.round(((high - value) / (high - low)) * (rows - 1));
    labels.set(row, (value / prefix.factor).toFixed(decimals) + prefix.symbol);
  }
  return labels;
}

/** Large numbers are written with the prefixes of the SI, so that labels stay short. */
const PREFIXES = [
  { factor: 1e12, symbol: ' T' },
  { factor: 1e9, symbol: ' G' },
  { factor: 1e6, symbol: ' M' },
  { factor: 1e3, symbol: ' k' },
];
const NO_PREFIX = { factor: 1, symbol: '' };
const MOST_DECIMALS = 12;

/** How many decimals a step needs to be written: 0.25 needs two. */
function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < MOST_DECIMALS; decimals += 1) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return MOST_DECIMALS;
}

const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800,
  604_800, 2_592_000, 7_776_000, 31_536_000,
];
const LABEL_ROOM = 12;

/** The line below a plot and the times under it, UTC, at round times; below a second or beyond decades only the ends. */
export function timeAxis(start: number, end: number, width: number): [line: string, labels: string] {
  const span = end - start;
  const mostLabels = Math.max(1, Math.floor(width / LABEL_ROOM));
  const step = TIME_STEPS.find((seconds) => span / seconds <= mostLabels) ?? span;
  const line = Array.from('─'.repeat(width));
  const labels = Array.from(' '.repeat(width + LABEL_ROOM));
  for (let time = Math.ceil(start / step) * step; time <= end; time += step) {
    const place = Math.min(width - 1, Math.floor(((time - start) / span) * width));
    const text = timeLabel(time, step);
    line[place] = '┬';
    const from = Math.max(0, Math.min(place - Math.floor(text.length / 2), width - text.length));
    [...text].forEach((character, offset) => (labels[from + offset] = character));
  }
  return [line.join(''), labels.join('').trimEnd()];
}

function timeLabel(time: number, step: number): string {
  const iso = new Date(time * 1000).toISOString();
  if (step >= 86_400) return iso.slice(0, 10);
  if (step >= 3_600 && time % 86_400 === 0) return iso.slice(5, 10);
  if (step >= 60) return iso.slice(11, 16);
  return iso.slice(11, 19);
}
