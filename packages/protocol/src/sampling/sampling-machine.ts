import type { Rate } from '../subjects.ts';
import type { SamplingRule } from './sampling-rule.ts';

/** What became of an update: sent on a subject, held until the machine's deadline, or dropped. */
export type Verdict = Rate | 'held' | 'dropped';

/** How an update compares with the last one sent: there is none, its status differs, its value is beyond the dead band, or neither. */
export type News = 'first' | 'status' | 'value' | 'nothing';

/** What waits for the deadline, compared with the last one sent as {@link News} does. */
export type Holding = 'nothing' | 'value' | 'status';

/** Changes of status go out at once, but at most ten a second. */
export const STATUS_SPACING_US = 100_000;

/**
 * What the machine remembers of one sensor: times only, in microseconds of any clock that never steps back, -Infinity for never. The
 * values are its owner's, who keeps them in whatever form is cheap.
 */
export interface SamplingState {
  readonly rule: SamplingRule;
  /** When a sample was last sent on either subject. */
  sentAtUs: number;
  archivedAtUs: number;
  /** When a change of status was last sent. */
  statusSentAtUs: number;
  holding: Holding;
  /** The last one sent went out as a fill-in and differs from the last one archived. */
  readonly owesArchive: boolean;
}

/*
 * The pure machine behind the publisher's throttle and the portal's sampling strategies: which updates of one sensor are sent. It knows no
 * clock, no timer and no value. The table of its rules is in SUBJECTS.md, "Throttle"; the rows' numbers stand beside the code.
 */

/** An update has come. @returns `archive` and `normal`: the owner sends it now; `held`: it replaces what the owner held */
export function takeUpdate(state: SamplingState, nowUs: number, news: News): Verdict {
  switch (news) {
    case 'first':
      return send(state, 'archive', nowUs); // row 1
    case 'status':
      if (nowUs - state.statusSentAtUs < STATUS_SPACING_US) return hold(state, 'status'); // row 2
      state.statusSentAtUs = nowUs;
      return send(state, 'archive', nowUs);
    case 'nothing':
      state.holding = 'nothing'; // row 3: it is back at what was sent, so what was held would mislead
      return 'dropped';
    case 'value': {
      const rate = openRate(state, nowUs);
      return rate === undefined ? hold(state, 'value') : send(state, rate, nowUs); // rows 4, 5 and 6
    }
  }
}

/**
 * The deadline may have come.
 * @returns the subject for what was held, or else for the last one sent once more; undefined: nothing is due
 */
export function takeDeadline(state: SamplingState, nowUs: number): Rate | undefined {
  if (nowUs < deadlineOf(state)) return undefined;
  const { holding } = state;
  if (holding === 'status') state.statusSentAtUs = nowUs;
  const isHeldDue = holding === 'value' && nowUs >= heldDeadlineUs(state);
  // Rows 7 and 8: the same value and value time, as a new sample, on the archive subject.
  return send(state, isHeldDue ? (openRate(state, nowUs) ?? 'archive') : 'archive', nowUs);
}

/**
 * The sensor stops: what waits does so no longer, so that its last change is archived.
 * @returns the subject as {@link takeDeadline} does
 */
export function takeEnd(state: SamplingState, nowUs: number): Rate | undefined {
  if (state.holding === 'nothing' && !state.owesArchive) return undefined;
  if (state.holding === 'status') state.statusSentAtUs = nowUs;
  return send(state, 'archive', nowUs);
}

/** When {@link takeDeadline} is next due, microseconds; Infinity: never. */
export function deadlineOf(state: SamplingState): number {
  const { rule, sentAtUs } = state;
  if (sentAtUs === -Infinity) return Infinity;
  const silence = rule.longestSilenceUs > 0 ? sentAtUs + rule.longestSilenceUs : Infinity; // row 8
  if (state.holding !== 'nothing') return Math.min(heldDeadlineUs(state), silence);
  return state.owesArchive ? Math.min(state.archivedAtUs + rule.archiveIntervalUs, silence) : silence; // row 7
}

function heldDeadlineUs(state: SamplingState): number {
  const { rule } = state;
  if (state.holding === 'status') return state.statusSentAtUs + STATUS_SPACING_US;
  const archive = state.archivedAtUs + rule.archiveIntervalUs;
  return rule.normalIntervalUs > 0 ? Math.min(archive, state.sentAtUs + rule.normalIntervalUs) : archive;
}

/** The subject that may be used now, if any. */
function openRate(state: SamplingState, nowUs: number): Rate | undefined {
  const { archiveIntervalUs, normalIntervalUs } = state.rule;
  if (nowUs - state.archivedAtUs >= archiveIntervalUs) return 'archive';
  return normalIntervalUs > 0 && nowUs - state.sentAtUs >= normalIntervalUs ? 'normal' : undefined;
}

function hold(state: SamplingState, holding: Holding): 'held' {
  state.holding = holding;
  return 'held';
}

function send(state: SamplingState, rate: Rate, nowUs: number): Rate {
  state.holding = 'nothing';
  state.sentAtUs = nowUs;
  if (rate === 'archive') state.archivedAtUs = nowUs;
  return rate;
}
