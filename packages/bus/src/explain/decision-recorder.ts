import type { News, SampleValue, Status, ThrottleDecision, Verdict } from '@katbus/protocol';

/** Sensors that may be recorded at once; beyond, the one that was asked for longest ago is forgotten. */
const MOST_SENSORS = 64;
/** Decisions that are kept of a sensor. */
const MOST_DECISIONS = 20;
/** Characters of a text or elements of an array that are kept: the value itself is on the bus. */
const LONGEST_VALUE = 200;

interface Recording {
  untilMs: number;
  count: number;
  readonly decisions: ThrottleDecision[];
}

/** What is recorded of one decision. Times are Unix seconds. */
export interface DecisionFacts {
  readonly time: number;
  readonly valueTime: number;
  readonly value: SampleValue;
  readonly status: Status;
  readonly verdict: Verdict;
  readonly news: News;
  /** Whether the timer decided, and not an update. */
  readonly byTimer: boolean;
}

/**
 * Keeps the last decisions of the sensors for which somebody has asked, for as long as they ask. Recording all sensors would cost more memory
 * than their throttle.
 */
export class DecisionRecorder {
  /** Looked at by every update, so a field. */
  isOn = false;
  private readonly recordings = new Map<number, Recording>();
  private timer: NodeJS.Timeout | undefined;

  /** Records from now on, or goes on for so long. */
  record(row: number, seconds: number): void {
    const untilMs = performance.now() + seconds * 1000;
    const recording = this.recordings.get(row) ?? { untilMs, count: 0, decisions: [] };
    recording.untilMs = Math.max(recording.untilMs, untilMs);
    this.recordings.delete(row);
    this.recordings.set(row, recording);
    const [oldest] = this.recordings.keys();
    if (this.recordings.size > MOST_SENSORS && oldest !== undefined) this.recordings.delete(oldest);
    this.look();
  }

  note(row: number, facts: DecisionFacts): void {
    const recording = this.recordings.get(row);
    if (recording === undefined) return;
    const { time, status, verdict } = facts;
    recording.count += 1;
    recording.decisions.push({
      number: recording.count,
      time,
      update: { value: shortened(facts.value), status, value_ts: facts.valueTime },
      verdict,
      reason: reasonOf(facts),
    });
    if (recording.decisions.length > MOST_DECISIONS) recording.decisions.shift();
  }

  /** Oldest first; undefined: the sensor is not recorded. */
  decisions(row: number, after = 0): readonly ThrottleDecision[] | undefined {
    return this.recordings.get(row)?.decisions.filter(({ number }) => number > after);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.recordings.clear();
    this.isOn = false;
  }

  /** Forgets recordings for which nobody has asked again. */
  private look(): void {
    clearTimeout(this.timer);
    const nowMs = performance.now();
    let nextMs = Infinity;
    for (const [row, { untilMs }] of this.recordings) {
      if (untilMs <= nowMs) this.recordings.delete(row);
      else nextMs = Math.min(nextMs, untilMs);
    }
    this.isOn = this.recordings.size > 0;
    if (!this.isOn) return;
    this.timer = setTimeout(() => this.look(), Math.ceil(nextMs - nowMs));
    this.timer.unref();
  }
}

/** The row of SUBJECTS.md's table, in words. */
function reasonOf({ news, verdict, byTimer }: DecisionFacts): string {
  if (byTimer) {
    if (news === 'status') return 'the last change of status, after 0.1 s';
    if (news === 'value') return 'the newest that was held, as its time had come';
    return 'sent once more: it was not archived yet, or the longest silence is over';
  }
  if (news === 'first') return 'the first value';
  if (news === 'nothing') return 'it does not differ from the last one sent by more than the dead band';
  if (news === 'status') {
    return verdict === 'held'
      ? 'the status differs, but ten changes a second have been sent'
      : 'the status differs from the last one sent';
  }
  if (verdict === 'archive') return 'the archive interval has ended';
  return verdict === 'normal'
    ? 'the normal interval has ended'
    : 'neither interval has ended since the last one sent';
}

function shortened(value: SampleValue): SampleValue {
  if (typeof value === 'string') return value.slice(0, LONGEST_VALUE);
  return Array.isArray(value) ? (value as (number | string)[]).slice(0, LONGEST_VALUE) : value;
}
