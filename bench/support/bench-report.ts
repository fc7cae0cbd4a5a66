import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

/** One figure, beside what it is compared with in the same run and the limit that it is to keep. */
export interface BenchRow {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** What the same run measured to compare with; null when the bound is absolute. */
  readonly peer: string | null;
  readonly peerValue: number | null;
  /** value / peerValue */
  readonly ratio: number | null;
  /** As written in the table: `<= 0.2x`, `>= 120000`; null: reported only. */
  readonly bound: string | null;
  /** null: nothing is to hold. */
  readonly holds: boolean | null;
}

/** The limit of a figure, or of its ratio to the peer's where there is a peer. */
export type Bound = { readonly atMost: number } | { readonly atLeast: number };

export interface Figure {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: { readonly name: string; readonly value: number };
  readonly bound?: Bound;
}

const RESULTS = join(import.meta.dirname, '..', 'results');

/** The table that a benchmark prints, and the file `bench/results/<name>.json` that it writes. */
export class BenchReport {
  readonly rows: BenchRow[] = [];
  private readonly name: string;
  private readonly startedAt = new Date();

  constructor(name: string) {
    this.name = name;
  }

  add({ metric, value, unit, peer, bound }: Figure): BenchRow {
    const ratio = peer === undefined ? null : value / peer.value;
    const row: BenchRow = {
      metric,
      value,
      unit,
      peer: peer?.name ?? null,
      peerValue: peer?.value ?? null,
      ratio,
      bound: bound === undefined ? null : boundText(bound, ratio !== null),
      holds: bound === undefined ? null : keeps(ratio ?? value, bound),
    };
    this.rows.push(row);
    return row;
  }

  /** Prints the table and writes the file; the process ends with 1 when a bound does not hold. */
  async finish(): Promise<void> {
    for (const line of this.lines()) console.log(line);
    await mkdir(RESULTS, { recursive: true });
    const machine = {
      cores: cpus().length,
      model: cpus()[0]?.model,
      load: loadavg()[0],
      node: process.version,
    };
    const file = join(RESULTS, `${this.name}.json`);
    const content = { bench: this.name, startedAt: this.startedAt.toISOString(), machine, rows: this.rows };
    await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
    if (this.rows.some(({ holds }) => holds === false)) process.exitCode = 1;
  }

  private lines(): string[] {
    const cells = this.rows.map((row) => [
      row.metric,
      `${rounded(row.value)} ${row.unit}`,
      row.peer === null ? '' : `${row.peer}: ${rounded(row.peerValue ?? NaN)}`,
      row.ratio === null ? '' : `${rounded(row.ratio)}x`,
      row.bound ?? '',
      row.holds === null ? '' : row.holds ? 'holds' : 'DOES NOT HOLD',
    ]);
    const table = [['metric', 'value', 'peer', 'ratio', 'limit', ''], ...cells];
    const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
    return table.map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
  }
}

function keeps(value: number, bound: Bound): boolean {
  return 'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
}

function boundText(bound: Bound, isRatio: boolean): string {
  const [sign, limit] = 'atMost' in bound ? ['<=', bound.atMost] : ['>=', bound.atLeast];
  return `${sign} ${limit}${isRatio ? 'x' : ''}`;
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
