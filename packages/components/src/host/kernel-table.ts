/** Lines of a file under /proc, each split at white space. */
export function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/));
}

/**
 * A column of a row as a number.
 * @throws when it is none: the kernel's format is not the expected one
 */
export function numberAt(row: readonly string[], column: number): number {
  const value = Number(row[column]);
  if (row[column] === undefined || !Number.isFinite(value)) {
    throw new Error(`column ${column + 1} of "${row.join(' ')}" is no number`);
  }
  return value;
}
