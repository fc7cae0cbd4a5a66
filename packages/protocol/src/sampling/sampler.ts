import type { Status } from '../status.ts';
import type { Rate } from '../subjects.ts';
import type { SampleValue } from '../value.ts';
import { hasChanged, sameValue } from './dead-band.ts';
import {
  deadlineOf,
  takeDeadline,
  takeUpdate,
  type Holding,
  type News,
  type SamplingState,
  type Verdict,
} from './sampling-machine.ts';
import type { SamplingRule } from './sampling-rule.ts';

/** One update of a sensor: what it reads, and when it was read (microseconds since 1970). */
export interface Update {
  readonly value: SampleValue;
  readonly status: Status;
  readonly valueTimeUs: number;
}

/**
 * The sampling machine with the updates that it decides on, for one sensor: a portal's sampling strategy. (A broker keeps the same in packed
 * rows.)
 *
 * It knows no clock and no timer: times are arguments, in microseconds of any clock that never steps back. Its owner calls
 * {@link offer} with each update and {@link expire} when {@link deadlineUs} has come; after a verdict that names a subject,
 * {@link sent} is what to send.
 */
export class Sampler {
  /** The last update sent, on either subject. */
  sent: Update | undefined;
  private held: Update | undefined;
  /** The last value sent on the archive subject; its status is always that of {@link sent}, because a change of status is archived. */
  private archivedValue: SampleValue = null;
  private readonly state: SamplerState;
  private readonly firstIntervalShare: number;

  /**
   * @param phase 0 to below 1: how much of the first archive interval is left out, so that the sensors of a component that
   *   started together do not flush together
   */
  constructor(rule: SamplingRule, phase = 0) {
    this.state = new SamplerState(rule);
    this.firstIntervalShare = phase;
  }

  /** Takes a new rule at once; what is held stays held and falls under the new rule's times. */
  changeRule(rule: SamplingRule): void {
    this.state.rule = rule;
  }

  /** An update has come. */
  offer(nowUs: number, update: Update): Verdict {
    const { state } = this;
    const news = this.newsOf(update);
    const verdict = takeUpdate(state, nowUs, news);
    if (verdict === 'held') this.held = update;
    else if (verdict === 'dropped') this.held = undefined;
    else this.moveToSent(verdict, update);
    if (news === 'first') state.archivedAtUs -= firstIntervalCutUs(this.firstIntervalShare, state.rule);
    return verdict;
  }

  /**
   * The deadline may have come.
   * @returns the subject on which to send {@link sent} now, or undefined: nothing is due
   */
  expire(nowUs: number): Rate | undefined {
    const update = this.held ?? this.sent;
    const rate = takeDeadline(this.state, nowUs);
    if (rate !== undefined && update !== undefined) this.moveToSent(rate, update);
    return rate;
  }

  /** When {@link expire} is next due, microseconds; Infinity: never. */
  get deadlineUs(): number {
    return deadlineOf(this.state);
  }

  /** Whether an update waits for the deadline. */
  get isHolding(): boolean {
    return this.held !== undefined;
  }

  private newsOf(update: Update): News {
    const { sent } = this;
    if (sent === undefined) return 'first';
    if (update.status !== sent.status) return 'status';
    return hasChanged(this.state.rule.deadBand, sent.value, update.value) ? 'value' : 'nothing';
  }

  private moveToSent(rate: Rate, update: Update): void {
    this.held = undefined;
    this.sent = update;
    if (rate === 'archive') this.archivedValue = update.value;
    this.state.owesArchive = rate === 'normal' && !sameValue(this.archivedValue, update.value);
  }
}

class SamplerState implements SamplingState {
  rule: SamplingRule;
  sentAtUs = -Infinity;
  archivedAtUs = -Infinity;
  statusSentAtUs = -Infinity;
  holding: Holding = 'nothing';
  owesArchive = false;

  constructor(rule: SamplingRule) {
    this.rule = rule;
  }
}

/** By how much a first archive interval is shortened. @param share 0 to below 1 */
export function firstIntervalCutUs(share: number, rule: SamplingRule): number {
  return Math.floor(share * rule.archiveIntervalUs);
}
