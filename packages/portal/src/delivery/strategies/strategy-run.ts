import {
  deadlineOf,
  hasChanged,
  takeDeadline,
  takeUpdate,
  type Holding,
  type News,
  type SamplingRule,
  type SamplingState,
  type Update,
} from '@katbus/protocol';

/** What became of a deadline: something newer than the last one given was given, or the last one itself once more. */
export type Due = 'newer' | 'repeat';

/**
 * One sampling strategy on one sensor: the sampling machine (protocol/sampling) and the update that was given last. The newest update is its
 * owner's, who keeps one for several runs. It knows no clock: times are arguments, microseconds that never step back.
 */
export class StrategyRun<Item extends Update> implements SamplingState {
  readonly rule: SamplingRule;
  sentAtUs = -Infinity;
  archivedAtUs = -Infinity;
  statusSentAtUs = -Infinity;
  holding: Holding = 'nothing';
  readonly owesArchive = false;
  /** What the session has had: the last one given. */
  given: Item | undefined;

  constructor(rule: SamplingRule) {
    this.rule = rule;
  }

  /** @returns whether the update is given now */
  offer(nowUs: number, item: Item): boolean {
    const verdict = takeUpdate(this, nowUs, this.#newsOf(item));
    if (verdict === 'held' || verdict === 'dropped') return false;
    this.given = item;
    return true;
  }

  /**
   * The deadline may have come.
   * @param newest the update that was offered last: it is given
   */
  expire(nowUs: number, newest: Item): Due | undefined {
    if (takeDeadline(this, nowUs) === undefined) return undefined;
    const due = newest === this.given ? 'repeat' : 'newer';
    this.given = newest;
    return due;
  }

  /** Whether its longest time without a sample is over. */
  isSilent(nowUs: number): boolean {
    const { longestSilenceUs } = this.rule;
    return longestSilenceUs > 0 && nowUs >= this.sentAtUs + longestSilenceUs;
  }

  get deadlineUs(): number {
    return deadlineOf(this);
  }

  /** Whether somebody who has the newest update knows something that this run has not given. */
  isBehind(newest: Item): boolean {
    const { given } = this;
    if (given === newest) return false;
    return given?.status !== newest.status || hasChanged(0, given.value, newest.value);
  }

  #newsOf({ value, status }: Item): News {
    const { given } = this;
    if (given === undefined) return 'first';
    if (given.status !== status) return 'status';
    return hasChanged(this.rule.deadBand, given.value, value) ? 'value' : 'nothing';
  }
}
