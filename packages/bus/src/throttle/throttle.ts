import {
  deadlineOf,
  firstIntervalCutUs,
  hasChanged,
  numberHasChanged,
  sameValue,
  takeDeadline,
  takeEnd,
  takeUpdate,
  type News,
  type Rate,
  type SampleValue,
  type SamplingRule,
  type Status,
  type ThrottleCounts,
  type Update,
  type Verdict,
} from '@katbus/protocol';
import { COUNT, VALUE } from './row-storage.ts';
import { ThrottleRow } from './throttle-row.ts';

/** What the throttle knows of a sensor, for people. Times are of the steady clock, microseconds; -Infinity: never. */
export interface ThrottleState {
  readonly sent: Update | undefined;
  readonly sentAtUs: number;
  readonly archivedValue: SampleValue;
  readonly archivedAtUs: number;
  readonly held: Update | undefined;
  readonly deadlineUs: number;
  readonly counts: ThrottleCounts;
}

/**
 * The sampling machine for all sensors of a component, a row each. 200,000 sensors of a few objects each would take hundreds of megabytes and
 * as many objects for the garbage collector to look at.
 *
 * What is held is always the newest update, so there is no third copy of it. No method calls out, because the cursor is shared.
 */
export class Throttle extends ThrottleRow {
  /** How the update on which it has decided last compares with what had been sent; `nothing` for a timer that sent that once more. */
  news: News = 'first';

  /** An update has come, and is the sensor's newest. @param nowUs of the steady clock @param wallUs of the wall clock */
  offer(
    row: number,
    rule: SamplingRule,
    nowUs: number,
    wallUs: number,
    value: SampleValue,
    status: Status,
    valueTimeUs: number,
  ): Verdict {
    this.standOn(row, rule);
    const heldBefore = this.holding;
    const news = this.newsOf(value, status);
    this.news = news;
    this.setValue(VALUE.newest, value);
    this.newestStatus = status;
    this.newestValueTimeUs = valueTimeUs;
    this.newestAtUs = wallUs;
    if (news === 'first') this.begin();
    const verdict = takeUpdate(this, nowUs, news);
    if (heldBefore !== 'nothing')
      this.addToCount(heldBefore === 'status' ? COUNT.statusStorm : COUNT.superseded);
    if (verdict === 'held') this.addToCount(COUNT.held);
    else if (verdict === 'dropped') this.addToCount(COUNT.unchanged);
    else this.newestIsSent(verdict);
    return verdict;
  }

  /** @returns the subject on which to send {@link sent} now, or undefined: nothing is due */
  expire(row: number, rule: SamplingRule, nowUs: number): Rate | undefined {
    return this.takeWaiting(row, rule, nowUs, takeDeadline);
  }

  /** The broker closes: nothing waits any longer. @returns as {@link expire} */
  finish(row: number, rule: SamplingRule, nowUs: number): Rate | undefined {
    return this.takeWaiting(row, rule, nowUs, takeEnd);
  }

  /** When {@link expire} is next due, microseconds of the steady clock; Infinity: never. */
  deadlineUs(row: number, rule: SamplingRule): number {
    this.standOn(row, rule);
    return this.hasSent ? deadlineOf(this) : Infinity;
  }

  /** Leaves out a part of the first archive interval of a sensor that has just sent its first value. @param share 0 to below 1 */
  shortenFirstInterval(row: number, share: number): void {
    this.moveTo(row);
    this.archivedAtUs -= firstIntervalCutUs(share, this.rule);
  }

  /** The last update sent. */
  sent(row: number): Update | undefined {
    this.moveTo(row);
    if (!this.hasSent) return undefined;
    return { value: this.value(VALUE.sent), status: this.sentStatus, valueTimeUs: this.sentValueTimeUs };
  }

  /** The newest update and the wall clock's time of it, whether it was let out or not. */
  newest(row: number): (Update & { readonly atUs: number }) | undefined {
    this.moveTo(row);
    if (!this.hasNewest) return undefined;
    return {
      value: this.value(VALUE.newest),
      status: this.newestStatus,
      valueTimeUs: this.newestValueTimeUs,
      atUs: this.newestAtUs,
    };
  }

  /** `time` of the last sample, microseconds since 1970; 0: none. */
  timeUs(row: number): number {
    this.moveTo(row);
    return this.lastTimeUs;
  }

  setTimeUs(row: number, timeUs: number): void {
    this.moveTo(row);
    this.lastTimeUs = timeUs;
  }

  state(row: number, rule: SamplingRule): ThrottleState {
    const deadlineUs = this.deadlineUs(row, rule);
    const { sentAtUs, archivedAtUs, holding, throttleCounts: counts } = this;
    return {
      sentAtUs: this.hasSent ? sentAtUs : -Infinity,
      archivedAtUs: this.hasSent ? archivedAtUs : -Infinity,
      archivedValue: this.value(VALUE.archived),
      deadlineUs,
      counts,
      held: holding === 'nothing' ? undefined : this.newest(row),
      sent: this.sent(row),
    };
  }

  private takeWaiting(
    row: number,
    rule: SamplingRule,
    nowUs: number,
    take: typeof takeDeadline,
  ): Rate | undefined {
    this.standOn(row, rule);
    if (!this.hasSent) return undefined;
    const { holding } = this;
    const rate = take(this, nowUs);
    if (rate === undefined) return undefined;
    this.news = holding;
    if (holding === 'nothing') {
      this.addToCount(COUNT.repeated);
      this.sentOn(rate);
    } else {
      this.newestIsSent(rate);
    }
    return rate;
  }

  private begin(): void {
    this.hasNewest = true;
    this.statusSentAtUs = -Infinity;
  }

  private standOn(row: number, rule: SamplingRule): void {
    this.moveTo(row);
    this.rule = rule;
  }

  private newsOf(value: SampleValue, status: Status): News {
    if (!this.hasSent) return 'first';
    if (status !== this.sentStatus) return 'status';
    const { deadBand } = this.rule;
    const changed =
      typeof value === 'number' && this.isNumber(VALUE.sent)
        ? numberHasChanged(deadBand, this.number(VALUE.sent), value)
        : hasChanged(deadBand, this.sentValue, value);
    return changed ? 'value' : 'nothing';
  }

  private newestIsSent(rate: Rate): void {
    this.setValue(VALUE.sent, this.value(VALUE.newest));
    this.sentStatus = this.newestStatus;
    this.sentValueTimeUs = this.newestValueTimeUs;
    this.hasSent = true;
    this.sentOn(rate);
  }

  private sentOn(rate: Rate): void {
    this.addToCount(COUNT[rate]);
    if (rate === 'archive') this.setValue(VALUE.archived, this.sentValue);
    this.owesArchive = rate === 'normal' && !sameValue(this.value(VALUE.archived), this.sentValue);
  }
}
