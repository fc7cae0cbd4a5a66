/** A half-open range of rows. */
export interface VisibleRange {
  readonly first: number;
  readonly end: number;
}

/** Rows beyond both edges, so that a scroll of some pixels shows no blank before the next paint. */
const MARGIN_ROWS = 6;

/** Which of `rows` rows, each `rowPx` high, a window of `heightPx` shows that is scrolled by `scrollPx`. */
export function visibleRange(scrollPx: number, heightPx: number, rowPx: number, rows: number): VisibleRange {
  const first = Math.min(Math.max(0, Math.floor(scrollPx / rowPx) - MARGIN_ROWS), rows);
  const end = Math.min(rows, Math.ceil((Math.max(0, scrollPx) + heightPx) / rowPx) + MARGIN_ROWS);
  return { first, end: Math.max(first, end) };
}

/** Where to scroll so that a row is wholly seen; the old place when it is already. */
export function scrollToShow(row: number, scrollPx: number, heightPx: number, rowPx: number): number {
  const top = row * rowPx;
  if (top < scrollPx) return top;
  return Math.max(scrollPx, top + rowPx - heightPx);
}
