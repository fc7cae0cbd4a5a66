/** A column of a text table. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut short, with an ellipsis, when the terminal is narrow. */
  readonly shrinks?: boolean;
}

export interface Cell {
  readonly text: string;
  /** Puts colour on the text after it has been fitted: escape sequences have no width. */
  readonly colour?: (text: string) => string;
}

const GAP = '  ';
/** Below this a shrunk column says nothing any more; the line then is longer than the terminal. */
const LEAST_SHRUNK = 8;

/**
 * Lines of a text table with a heading.
 * @param width of the terminal; undefined: as wide as it gets
 */
export function tableLines(columns: readonly Column[], rows: readonly Cell[][], width?: number): string[] {
  const widths = fittedWidths(columns, rows, width);
  const line = (cells: readonly Cell[]) =>
    columns
      .map((column, place) => fitted(cells[place] ?? { text: '' }, column, widths[place] ?? 0))
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
    rows.reduce((most, row) => Math.max(most, displayWidth(row[place]?.text ?? '')), displayWidth(title)),
  );
  if (width === undefined) return widths;
  let excess = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1) - width;
  while (excess > 0) {
    // The widest of those that may shrink gives way first.
    const widest = columns
      .map((column, place) => ({
        place,
        room: column.shrinks === true ? (widths[place] ?? 0) - LEAST_SHRUNK : 0,
      }))
      .reduce((a, b) => (b.room > a.room ? b : a));
    if (widest.room <= 0) break;
    widths[widest.place] = (widths[widest.place] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
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
