import { StoreError } from '../errors.ts';
import type { MonRows } from './mon-rows.ts';
import type { Pace } from './pace.ts';
import type { SizingPlan } from './sizing-options.ts';
import { timedLoad, type LoadResult } from './timed-load.ts';

/** One setting of the grid, and what came of it. */
export interface GridCell {
  readonly writers: number;
  readonly partitionsPerBatch: number;
  readonly rowsPerPartition: number;
  readonly outcome: CellOutcome;
}

export type CellOutcome =
  | { readonly type: 'measured'; readonly load: LoadResult }
  /** The node does not take such batches, or the protocol has no room for them. */
  | { readonly type: 'refused'; readonly why: string };

export function gridSize({ writers, partitionsPerBatch, rowsPerPartition }: SizingPlan): number {
  return writers.length * partitionsPerBatch.length * rowsPerPartition.length;
}

/**
 * CTA's figure 3: rows a second for each number of writers, partitions a batch and rows a partition.
 * @throws {StoreError} the node fails for another reason than that a batch is too large
 */
export async function* writeGrid(
  rows: MonRows,
  plan: SizingPlan,
  pace: Pace,
  signal?: AbortSignal,
): AsyncGenerator<GridCell> {
  for (const partitionsPerBatch of plan.partitionsPerBatch) {
    for (const rowsPerPartition of plan.rowsPerPartition) {
      // What one writer is refused, many are.
      let refused: CellOutcome | undefined;
      for (const writers of plan.writers) {
        const lastsMs = pace.take(plan.cellMs);
        const outcome =
          refused ??
          (await measure(rows, { writers, partitionsPerBatch, rowsPerPartition, lastsMs }, signal));
        if (outcome.type === 'refused') refused = outcome;
        yield { writers, partitionsPerBatch, rowsPerPartition, outcome };
      }
    }
  }
}

interface Setting {
  readonly writers: number;
  readonly partitionsPerBatch: number;
  readonly rowsPerPartition: number;
  readonly lastsMs: number;
}

async function measure(
  rows: MonRows,
  { writers, partitionsPerBatch, rowsPerPartition, lastsMs }: Setting,
  signal: AbortSignal | undefined,
): Promise<CellOutcome> {
  if (!rows.fits(partitionsPerBatch * rowsPerPartition)) {
    return { type: 'refused', why: 'a batch has 65,535 rows and 16 MiB at most' };
  }
  const load = await timedLoad(
    writers,
    lastsMs,
    () => rows.write(partitionsPerBatch, rowsPerPartition),
    signal,
  );
  const { failure } = load;
  if (failure === undefined || isOverload(failure)) return { type: 'measured', load };
  if (failure instanceof StoreError && failure.code === 'REFUSED') {
    return { type: 'refused', why: failure.message };
  }
  throw failure;
}

/** More than the nodes can take is a result too: that of what they took until then. */
function isOverload(error: Error): boolean {
  return error instanceof StoreError && (error.code === 'TIMEOUT' || error.code === 'OVERLOADED');
}

/** The setting with the most rows a second, of those without a failure; undefined: there is none. */
export function bestCell(cells: readonly GridCell[]): GridCell | undefined {
  return cells
    .filter(({ outcome }) => outcome.type === 'measured' && outcome.load.failure === undefined)
    .toSorted((a, b) => speedOf(b) - speedOf(a))[0];
}

export function speedOf({ outcome }: GridCell): number {
  return outcome.type === 'measured' ? outcome.load.perSecond : 0;
}
