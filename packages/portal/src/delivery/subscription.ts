import type { DeliveryMode, Pattern } from '@katbus/protocol';
import type { DeliverySession } from './delivery-session.ts';
import type { JoinBuffer } from './join-buffer.ts';
import { overtakes } from './overtakes.ts';
import type { Publication } from './publication.ts';
import type { Strategy } from './strategies/strategies.ts';
import type { SampledRates } from './strategies/strategy-group.ts';

/** `joining`: its snapshot is being read; `live`: what is published goes to the session; `closed`: unsubscribed, or the session ended. */
export type SubscriptionState = 'joining' | 'live' | 'closed';

/** The times of a snapshot's samples. */
export interface Floors {
  /** Microseconds by key. */
  readonly times: ReadonlyMap<string, number>;
  /** Samples that were sent in the place of others. */
  readonly newer: ReadonlyMap<string, Publication>;
}

/** What is asked for. */
export interface Interest {
  readonly patterns: readonly Pattern[];
  readonly wantsSnapshot: boolean;
  /** `auto`: all samples; `none`: no live ones. */
  readonly strategy: Strategy | 'auto' | 'none';
  readonly mode: DeliveryMode;
}

/** One session's standing interest in some subjects. */
export class Subscription {
  readonly id: number;
  readonly session: DeliverySession;
  readonly patterns: readonly Pattern[];
  readonly wantsSnapshot: boolean;
  /** Undefined: it gets every sample that comes on its {@link livePatterns}. */
  readonly strategy: Strategy | undefined;
  readonly mode: DeliveryMode;
  /** Those on which live messages are wanted: under `none` no sensor's. */
  readonly livePatterns: readonly string[];
  /** Which rates of each of its sensors it has; `mixed`: not the same of all. */
  readonly rates: SampledRates | 'mixed';
  state: SubscriptionState = 'joining';
  /** Set while a snapshot is being read, for the first time or again. */
  watch: JoinBuffer | undefined;
  /** The last snapshot's, as long as late copies of its samples may come. */
  floors: Floors | undefined;
  /** Under a strategy: samples that the portal has had live and that are newer than the ones in the snapshot that is being joined. */
  readonly known = new Map<string, Publication>();
  /** The last {@link Publication.arrival} before it was live: nothing up to it is its own. */
  beganAfter = -1;
  /** Ends the interest on NATS. */
  release: () => void = () => undefined;

  constructor(id: number, session: DeliverySession, interest: Interest) {
    const { patterns, wantsSnapshot, strategy, mode } = interest;
    this.id = id;
    this.session = session;
    this.patterns = patterns;
    this.wantsSnapshot = wantsSnapshot;
    this.strategy = typeof strategy === 'string' ? undefined : strategy;
    this.mode = mode;
    const sources = patterns.map(({ source }) => source);
    this.livePatterns = strategy === 'none' ? sources.filter((source) => !isOfSensors(source)) : sources;
    this.rates = ratesOf(sources.filter(isOfSensors));
  }

  matches(subject: string): boolean {
    return this.patterns.some((pattern) => pattern.matches(subject));
  }

  /** Whether this came late: the snapshot had it, or a newer one of its sensor. */
  hasInSnapshot(publication: Publication): boolean {
    return this.shown(publication) !== undefined;
  }

  /** What the snapshot had of its sensor, as long as its late copies may come: the same sample, or a newer one; undefined: neither. */
  shown(publication: Publication): 'same' | 'newer' | undefined {
    const { kind, key, timeUs } = publication;
    if (kind !== 'sample' || this.floors === undefined) return undefined;
    const floorUs = this.floors.newer.get(key)?.timeUs ?? this.floors.times.get(key);
    if (floorUs === undefined || timeUs > floorUs) return undefined;
    if (timeUs === floorUs) return 'same';
    const shown = { timeUs: floorUs, storedUs: 0, arrivedMs: 0, isResent: false };
    const nowMs = performance.now();
    const arrived = { timeUs, storedUs: undefined, arrivedMs: nowMs, isResent: publication.isResent };
    return overtakes(arrived, shown, nowMs) ? undefined : 'newer';
  }
}

/** Whether a pattern is one of samples. */
export function isOfSensors(pattern: string): boolean {
  return pattern.startsWith('sensor.');
}

function ratesOf(patterns: readonly string[]): SampledRates | 'mixed' {
  const rates = new Set(patterns.map((pattern) => pattern.split('.', 2)[1]));
  if (rates.has('*') || rates.has('>')) return rates.size === 1 || rates.has('>') ? 'both' : 'mixed';
  if (rates.size > 1) return 'mixed';
  return rates.has('normal') ? 'normal' : 'archive';
}
