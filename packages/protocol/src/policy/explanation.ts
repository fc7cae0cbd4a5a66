import type { Verdict } from '../sampling/sampling-machine.ts';
import type { DeadBand } from '../sampling/dead-band.ts';
import type { SamplingSettings } from '../sampling/sampling-rule.ts';
import type { Status } from '../status.ts';
import type { SampleValue } from '../value.ts';

/** A request on `rpc.explain.<component>`: what does the throttle do with this sensor, and why? */
export interface ExplanationRequest {
  /** The sensor's token, or the sensor part of its KATCP name. */
  readonly sensor: string;
  /** Record the sensor's decisions for so long, and answer with those recorded so far; default 0: no recording. */
  readonly recordSeconds?: number;
  /** Only decisions after this number. */
  readonly after?: number;
}

/** Where a figure comes from: the policy, what the component's code says, or neither. */
export type SettingOrigin = 'policy' | 'code' | 'default';

/** What holds for a sensor, field by field. */
export type ExplainedSettings = {
  readonly [Field in keyof SamplingSettings]-?: {
    readonly value: Field extends 'deadBand' ? DeadBand : number;
    readonly from: SettingOrigin;
  };
};

/** What became of a sensor's updates since its component started; each count begins again after 4,294,967,295. */
export interface ThrottleCounts {
  readonly updates: number;
  /** Samples sent on each subject. */
  readonly archive: number;
  readonly normal: number;
  /** Of these, a value that had been sent before: a fill-in that was archived later, or a silence that was broken. */
  readonly repeated: number;
  /** Updates that had to wait, whatever became of them then. */
  readonly held: number;
  /** Updates that were dropped because they did not differ from what had been sent. */
  readonly unchanged: number;
  /** Updates that had to wait and were replaced by a newer one. */
  readonly superseded: number;
  /** The same for changes of status, of which ten a second go out. */
  readonly statusStorm: number;
}

/** A value with its status, and when it was read. Times are Unix seconds. */
export interface ExplainedUpdate {
  readonly value: SampleValue;
  readonly status: Status;
  readonly value_ts: number;
}

/** One decision of the throttle. */
export interface ThrottleDecision {
  /** Rises by one from each to the next; a hole: they came faster than they were asked for. */
  readonly number: number;
  readonly time: number;
  readonly update: ExplainedUpdate;
  readonly verdict: Verdict;
  /** In words: `the status differs from the last one sent`. */
  readonly reason: string;
}

/** The answer on `rpc.explain.<component>`. */
export interface Explanation {
  readonly component: string;
  readonly sensor: string;
  readonly katcpName: string;
  /** The policy rule that holds, counted from 1, its glob and comment; absent: none matches, or there are no policies. */
  readonly policy?: { readonly rule: number; readonly match: string; readonly comment?: string };
  /** How the component stands to the policies: those of which revision it has applied, or why none. */
  readonly policies: {
    /** Revision of the key in the bucket; absent: none are applied. */
    readonly revision?: number;
    readonly rules: number;
    /** Lists that were refused since the component started, and why the last one was. */
    readonly refused: number;
    readonly refusal?: string;
  };
  readonly settings: ExplainedSettings;
  readonly sent?: ExplainedUpdate & { readonly time: number };
  readonly archived?: { readonly value: SampleValue; readonly time: number };
  readonly held?: ExplainedUpdate & {
    /** When it will be sent, if nothing comes before. */
    readonly until: number;
  };
  /** When something will be sent without an update, Unix seconds; absent: never. */
  readonly nextTime?: number;
  readonly counts: ThrottleCounts;
  /** The last decisions, oldest first; absent unless they are recorded. */
  readonly decisions?: readonly ThrottleDecision[];
}
