import {
  FAULT_KINDS,
  FAULT_NAMES,
  type FaultEffect,
  type FaultKind,
  type FaultName,
  type FaultTarget,
} from './fault-kinds.ts';
import type { Random } from './random.ts';

/** A fault began or was repaired. */
export interface FaultNews {
  readonly kind: FaultName;
  readonly change: 'began' | 'ended';
  /** The receptor or the sensor: `m012`, `m012.ap.actual-azim`. */
  readonly what: string;
  /** `m012: its drives have failed` */
  readonly text: string;
}

export interface FaultSettings {
  /** 1: as often as the kinds say; 0: never; 10: ten times as often. */
  readonly factor: number;
  readonly onNews?: (news: FaultNews) => void;
}

interface Active {
  readonly kind: FaultName;
  readonly effect: FaultEffect;
  readonly endsAt: number;
}

interface Coming {
  readonly kind: FaultName;
  readonly random: Random;
  at: number;
}

/** Makes faults befall receptors at random times, and repairs them. Each kind has random numbers of its own. */
export class Faults {
  /** How often each kind has begun. */
  readonly counts: Record<FaultName, number>;
  lastText = '';
  private readonly settings: FaultSettings;
  private readonly targets: readonly FaultTarget[];
  private readonly coming: readonly Coming[];
  private active: Active[] = [];

  constructor(
    random: Random,
    targets: readonly FaultTarget[],
    settings: FaultSettings,
    startSeconds: number,
  ) {
    this.settings = settings;
    this.targets = targets;
    this.counts = Object.fromEntries(FAULT_NAMES.map((kind) => [kind, 0])) as Record<FaultName, number>;
    this.coming = FAULT_NAMES.map((kind) => {
      const own = random.fork(kind);
      return { kind, random: own, at: startSeconds + this.wait(kind, own) };
    });
  }

  get activeCount(): number {
    return this.active.length;
  }

  /** @param now Unix seconds */
  step(now: number): void {
    if (this.active.some(({ endsAt }) => now >= endsAt)) this.repair(now);
    for (const coming of this.coming) {
      while (now >= coming.at) {
        coming.at += this.wait(coming.kind, coming.random);
        this.begin(coming.kind, coming.random, now);
      }
    }
  }

  private begin(kind: FaultName, random: Random, now: number): void {
    const { lastsSeconds, begin }: FaultKind = FAULT_KINDS[kind];
    const target = random.pick(this.targets);
    const effect = target === undefined ? undefined : begin(target, random);
    // Drawn in any case: whether one receptor was free must not change all that follows.
    const endsAt = now + random.between(...lastsSeconds);
    if (effect === undefined) return;
    this.active.push({ kind, effect, endsAt });
    this.counts[kind] += 1;
    this.lastText = this.tell(kind, 'began', effect);
  }

  private repair(now: number): void {
    const over = this.active.filter(({ endsAt }) => now >= endsAt);
    this.active = this.active.filter(({ endsAt }) => now < endsAt);
    for (const { kind, effect } of over) {
      effect.end(now);
      this.tell(kind, 'ended', effect);
    }
  }

  private tell(kind: FaultName, change: FaultNews['change'], { what }: FaultEffect): string {
    const text = `${what}${what.includes('.') || kind === 'powerGlitch' ? ' ' : ': '}${FAULT_KINDS[kind].text}`;
    this.settings.onNews?.({ kind, change, what, text });
    return text;
  }

  private wait(kind: FaultName, random: Random): number {
    const { factor } = this.settings;
    return factor === 0 ? Infinity : random.exponential(3_600 / (FAULT_KINDS[kind].anHour * factor));
  }
}
