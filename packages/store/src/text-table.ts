/** Lines of columns that stand under their titles; the last column is as wide as it is. */
export function textTable(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const table = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const last = titles.length - 1;
  return table.map((row) =>
    row.map((cell, column) => (column === last ? cell : cell.padEnd(widths[column]!))).join('  '),
  );
}
