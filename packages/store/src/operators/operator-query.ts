import type { SensorAddress } from '@katbus/protocol';
import type { StoredSample } from '../backend/stored-sample.ts';
import type { OperatorSpec } from './operator-spec.ts';

/** One page of what an operator makes of a sensor's samples. Everything in it crosses to a thread by structured clone. */
export interface OperatorQuery {
  readonly address: SensorAddress;
  readonly operator: OperatorSpec;
  /** startUs <= time < endUs */
  readonly startUs: number;
  readonly endUs: number;
  /** `next` of the page before. */
  readonly from?: OperatorPosition | undefined;
  readonly mostSamples: number;
  /** About, as JSON. */
  readonly mostBytes: number;
  /** A page ends when it took so long; but what one bin gives is never cut for that. */
  readonly mostMs: number;
}

/** Where a page ended: samples are read on from `atUs`. */
export interface OperatorPosition {
  readonly atUs: number;
  /** What the operator remembers of those before, as JSON. */
  readonly carried?: unknown;
}

export interface OperatedPart {
  /** Why it cannot be computed; then there is nothing else. */
  readonly refused?: string;
  readonly samples: readonly StoredSample[];
  readonly next: OperatorPosition | undefined;
}
