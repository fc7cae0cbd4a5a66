/** A column of a text table. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** When the terminal is narrow: `cut` shortens its texts with an ellipsis, `hide` drops it when that is not enough. */
  readonly shrinks?: 'cut' | 'hide';
}

export interface Cell {
  readonly text: string;
  /** Puts colour on the text after it has been fitted: escape sequences have no width. */
  readonly colour?: (text: string) => string;
}

const GAP = '  ';
/** Every line is as long as the longest: one sensor's endless text must not cost that for each of 20,000. */
const WIDEST_COLUMN = 300;
/** Below this a shrunk column says nothing any more; the line then is longer than the terminal. */
const LEAST_SHRUNK = 12;

/**
 * Lines of a text table with a heading.
 * @param width of the terminal; undefined: as wide as it gets, up to 300 characters a column
 */
export function tableLines(columns: readonly Column[], rows: readonly Cell[][], width?: number): string[] {
  const widths = fittedWidths(columns, rows, width);
  const line = (cells: readonly Cell[]) =>
    columns
      .map((column, place) => fitted(cells[place] ?? { text: '' }, column, widths[place] ?? 0))
      .filter((_, place) => widths[place] !== 0)
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title }))), ...rows.map(line)];
}

function fittedWidths(
  columns: readonly Column[],
  rows: readonly Cell[][],
  width: number | undefined,
): number[] {
  const widths = columns.map(({ title }, place) =>
    Math.min(
      WIDEST_COLUMN,
      rows.reduce((most, row) => Math.max(most, displayWidth(row[place]?.text ?? '')), displayWidth(title)),
    ),
  );
  if (width === undefined) return widths;
  // The last column gives way first: what a line is about stands at its beginning.
  for (const place of columns.keys().toArray().reverse()) {
    const shrinks = columns[place]?.shrinks;
    const excess = totalWidth(widths) - width;
    if (excess <= 0) break;
    if (shrinks === undefined) continue;
    const shrunk = Math.max((widths[place] ?? 0) - excess, Math.min(LEAST_SHRUNK, widths[place] ?? 0));
    widths[place] = shrunk;
    if (totalWidth(widths) > width && shrinks === 'hide') widths[place] = 0;
  }
  return widths;
}

function totalWidth(widths: readonly number[]): number {
  const shown = widths.filter((each) => each > 0);
  return shown.reduce((sum, each) => sum + each, 0) + GAP.length * (shown.length - 1);
}

function fitted({ text, colour = (plain) => plain }: Cell, { align }: Column, width: number): string {
  const shown = cutShort(text, width);
  const padding = ' '.repeat(Math.max(0, width - displayWidth(shown)));
  return align === 'right' ? padding + colour(shown) : colour(shown) + padding;
}

/** The text in at most so many columns of a terminal, its end replaced by an ellipsis where it is longer. */
export function cutShort(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  return `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Counts code points: exact for everything that sensors and units are written with, if not for all of Unicode. */
function displayWidth(text: string): number {
  return [...text].length;
}
