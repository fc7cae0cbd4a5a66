import type { Status } from '../status.ts';
import type { Rate } from '../subjects.ts';
import type { SampleValue } from '../value.ts';
import { hasChanged, sameValue } from './dead-band.ts';
import type { SamplingRule } from './sampling-rule.ts';

/** What became of an update: sent on a subject, held until the sampler's deadline, or dropped. */
export type Verdict = Rate | 'held' | 'dropped';

/** One update of a sensor: what it reads, and when it was read (microseconds since 1970). */
export interface Update {
  readonly value: SampleValue;
  readonly status: Status;
  readonly valueTimeUs: number;
}

/** Changes of status go out at once, but at most ten a second. */
export const STATUS_SPACING_US = 100_000;

/**
 * The pure machine behind the publisher's throttle and the portal's sampling strategies: which updates of one sensor are sent.
 *
 * It knows no clock and no timer: times are arguments, in microseconds of any clock that never steps back. Its owner calls
 * {@link offer} with each update and {@link expire} when {@link deadlineUs} has come; after a verdict that names a subject,
 * {@link sent} is what to send. The table of its rules is in SUBJECTS.md, "Throttle"; the rows' numbers stand beside the code.
 */
export class Sampler {
  /** The last update sent, on either subject. */
  sent: Update | undefined;
  private held: Update | undefined;
  /** The last value sent on the archive subject; its status is always that of {@link sent}, because a change of status is archived. */
  private archivedValue: SampleValue = null;
  private archivedAtUs = -Infinity;
  private sentAtUs = -Infinity;
  private statusSentAtUs = -Infinity;
  private rule: SamplingRule;
  private readonly firstIntervalShare: number;

  /**
   * @param phase 0 to below 1: how much of the first archive interval is left out, so that the sensors of a component that
   *   started together do not flush together
   */
  constructor(rule: SamplingRule, phase = 0) {
    this.rule = rule;
    this.firstIntervalShare = phase;
  }

  /** Takes a new rule at once; what is held stays held and falls under the new rule's times. */
  changeRule(rule: SamplingRule): void {
    this.rule = rule;
  }

  /** An update has come. */
  offer(nowUs: number, update: Update): Verdict {
    const { rule, sent } = this;
    if (sent === undefined) {
      this.send('archive', nowUs, update); // row 1
      this.archivedAtUs -= Math.floor(this.firstIntervalShare * rule.archiveIntervalUs);
      return 'archive';
    }
    if (update.status !== sent.status) {
      return nowUs - this.statusSentAtUs >= STATUS_SPACING_US
        ? this.send('archive', nowUs, update)
        : this.hold(update); // row 2
    }
    if (!hasChanged(rule.deadBand, sent.value, update.value)) {
      this.held = undefined; // row 3: it is back at what was sent, so what was held would mislead
      return 'dropped';
    }
    const rate = this.openRate(nowUs);
    return rate === undefined ? this.hold(update) : this.send(rate, nowUs, update); // rows 4, 5 and 6
  }

  /**
   * The deadline may have come.
   * @returns the subject on which to send {@link sent} now, or undefined: nothing is due
   */
  expire(nowUs: number): Rate | undefined {
    const { held, sent } = this;
    if (sent === undefined || nowUs < this.deadlineUs) return undefined;
    if (held !== undefined && nowUs >= this.heldDeadlineUs(held)) {
      return this.send(
        held.status !== sent.status ? 'archive' : (this.openRate(nowUs) ?? 'archive'),
        nowUs,
        held,
      );
    }
    return this.send('archive', nowUs, held ?? sent); // rows 7 and 8: the same value and value time, as a new sample
  }

  /** When {@link expire} is next due, microseconds; Infinity: never. */
  get deadlineUs(): number {
    const { rule, held, sent } = this;
    if (sent === undefined) return Infinity;
    const silence = rule.longestSilenceUs > 0 ? this.sentAtUs + rule.longestSilenceUs : Infinity; // row 8
    if (held !== undefined) return Math.min(this.heldDeadlineUs(held), silence);
    const unarchived = !sameValue(this.archivedValue, sent.value);
    return unarchived ? Math.min(this.archivedAtUs + rule.archiveIntervalUs, silence) : silence; // row 7
  }

  /** Whether an update waits for the deadline. */
  get isHolding(): boolean {
    return this.held !== undefined;
  }

  private heldDeadlineUs(held: Update): number {
    const { rule } = this;
    if (held.status !== this.sent?.status) return this.statusSentAtUs + STATUS_SPACING_US;
    const archive = this.archivedAtUs + rule.archiveIntervalUs;
    return rule.normalIntervalUs > 0 ? Math.min(archive, this.sentAtUs + rule.normalIntervalUs) : archive;
  }

  /** The subject that may be used now, if any. */
  private openRate(nowUs: number): Rate | undefined {
    const { archiveIntervalUs, normalIntervalUs } = this.rule;
    if (nowUs - this.archivedAtUs >= archiveIntervalUs) return 'archive';
    return normalIntervalUs > 0 && nowUs - this.sentAtUs >= normalIntervalUs ? 'normal' : undefined;
  }

  private hold(update: Update): 'held' {
    this.held = update;
    return 'held';
  }

  private send(rate: Rate, nowUs: number, update: Update): Rate {
    if (this.sent !== undefined && update.status !== this.sent.status) this.statusSentAtUs = nowUs;
    this.held = undefined;
    this.sent = update;
    this.sentAtUs = nowUs;
    if (rate === 'archive') {
      this.archivedAtUs = nowUs;
      this.archivedValue = update.value;
    }
    return rate;
  }
}
