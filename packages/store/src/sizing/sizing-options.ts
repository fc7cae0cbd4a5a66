/** How many doubles a row of CTA's table holds: evenly spread between two numbers. */
export interface DataLengths {
  readonly least: number;
  readonly most: number;
}

/** What is tried, and for how long. */
export interface SizingPlan {
  /** Requests under way at a time. */
  readonly writers: readonly number[];
  readonly partitionsPerBatch: readonly number[];
  readonly rowsPerPartition: readonly number[];
  readonly data: DataLengths;
  /** Each setting of the grid. */
  readonly cellMs: number;
  /** Each of reading, and reading and writing at once. */
  readonly mixedMs: number;
  /** Each of the layouts' writing and reading. */
  readonly layoutMs: number;
  /** All of it, about: what follows something slow is shorter. */
  readonly withinMs: number;
  /** Samples that `rows` gets at once of a backlog. */
  readonly backlogSamples: number;
  /** Sensors of the archive that is sized: a layout's speed depends on how many there are. */
  readonly points: number;
}

/** Where tables are made. */
const DATA = { least: 1, most: 100 } as const;

export const FULL_PLAN = {
  writers: [1, 4, 16, 40, 100],
  partitionsPerBatch: [1, 10, 100],
  rowsPerPartition: [1, 10, 100, 1_000],
  data: DATA,
  cellMs: 10_000,
  mixedMs: 30_000,
  layoutMs: 60_000,
  withinMs: Infinity,
  backlogSamples: 200_000,
  points: 200_000,
} as const satisfies SizingPlan;

/** Less than two minutes. */
export const QUICK_PLAN = {
  writers: [4, 16, 40],
  partitionsPerBatch: [1, 10],
  rowsPerPartition: [1, 100, 1_000],
  data: DATA,
  cellMs: 2_000,
  mixedMs: 4_000,
  layoutMs: 5_000,
  withinMs: 95_000,
  backlogSamples: 50_000,
  points: 200_000,
} as const satisfies SizingPlan;

/** Samples a second of a point: the least, the middle and the most that an observatory reckons with. */
export const RATES_HZ = [1, 3, 5] as const;

/** How much of what a machine can do it is to be given, so that it has room for reading, repair and a neighbour's failure. */
export const LOAD_SHARE = 0.5;
