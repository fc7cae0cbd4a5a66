import type { PartitionWidth, WidthSpan } from '../layout.ts';

/** A sensor that nothing is known about goes into partitions of normal width. */
export const FIRST_WIDTHS: readonly WidthSpan[] = [{ fromUs: -Infinity, width: 'normal' }];

const LETTERS = { slow: 's', normal: 'n', fast: 'f' } as const satisfies Record<PartitionWidth, string>;
const WIDTHS: ReadonlyMap<string | undefined, PartitionWidth> = new Map(
  Object.entries(LETTERS).map(([width, letter]) => [letter, width as PartitionWidth]),
);

/** As the column `widths` has them: `n f1795305600000000` for normal, and fast since that time. */
export function printWidths(widths: readonly WidthSpan[]): string {
  return widths
    .map(({ fromUs, width }) => `${LETTERS[width]}${fromUs === -Infinity ? '' : fromUs}`)
    .join(' ');
}

/** @throws {TypeError} it is none */
export function parseWidths(text: string): readonly WidthSpan[] {
  if (text === 'n') return FIRST_WIDTHS;
  return text.split(' ').map((span) => {
    const width = WIDTHS.get(span[0]);
    const fromUs = span.length === 1 ? -Infinity : Number(span.slice(1));
    if (width === undefined || Number.isNaN(fromUs)) throw new TypeError(`no partition widths: ${text}`);
    return { fromUs, width };
  });
}
