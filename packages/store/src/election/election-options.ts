/** Options of the election. Defaults: {@link ELECTION_DEFAULTS}. */
export interface ElectionOptions {
  /** Whoever is active and has not been heard of for so long is succeeded; at least 1. */
  readonly leaseSeconds?: number;
  /** Who this is, for people to read. */
  readonly holder?: string;
}

export const ELECTION_DEFAULTS = { leaseSeconds: 5 } as const;
