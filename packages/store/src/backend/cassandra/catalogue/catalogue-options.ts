import { QUARANTINE_BYTES } from '../../quarantine-bound.ts';

/** Options of the catalogue. Defaults: {@link CATALOGUE_DEFAULTS}. */
export interface CatalogueOptions {
  /** How much quarantine is kept; the oldest goes. */
  readonly quarantineBytes: number;
  /** A sensor's latest value goes to its table at most so often. */
  readonly latestSeconds: number;
  /** The most rows of latest values a second: of very many sensors it takes longer than `latestSeconds`. */
  readonly latestRowsPerSecond: number;
  /** What was acknowledged in so many seconds before a crash of a node may be gone. Three times Cassandra's `commitlog_sync_period`. */
  readonly setBackSeconds: number;
  /** How often the floor is recorded. */
  readonly floorSeconds: number;
  /** After how many days samples go by themselves; 0: never. */
  readonly keepDays: number;
  /** What happens beside writes went wrong, as when Cassandra is away: it is tried again by itself. */
  readonly onTrouble: (what: string, error: Error) => void;
}

export const CATALOGUE_DEFAULTS: CatalogueOptions = {
  quarantineBytes: QUARANTINE_BYTES,
  latestSeconds: 10,
  latestRowsPerSecond: 10_000,
  setBackSeconds: 30,
  floorSeconds: 1,
  keepDays: 0,
  onTrouble: () => undefined,
};
