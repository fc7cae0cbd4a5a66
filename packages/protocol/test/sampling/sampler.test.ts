import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hasChanged,
  Sampler,
  samplingRule,
  STATUS_SPACING_US,
  type DeadBand,
  type Rate,
  type SamplingRule,
  type Status,
  type Update,
  type Verdict,
} from '@katbus/protocol';

const SECOND = 1_000_000;

function update(value: Update['value'], status: Status = 'nominal', valueTimeUs = 0): Update {
  return { value, status, valueTimeUs };
}

describe('the throttle', () => {
  const rule = samplingRule({});

  it('archives the first value', () => {
    expect(new Sampler(rule).offer(0, update(1))).toBe('archive');
  });

  it('drops what has not changed, and cancels what it held', () => {
    const sampler = new Sampler(rule);
    sampler.offer(0, update(1));
    expect(sampler.offer(0.5 * SECOND, update(2))).toBe('held');
    expect(sampler.offer(0.6 * SECOND, update(1))).toBe('dropped');
    expect(sampler.isHolding).toBe(false);
    expect(sampler.deadlineUs).toBe(3600 * SECOND);
  });

  it('fills in on the normal subject and archives when the archive interval ends', () => {
    const sampler = new Sampler(rule);
    const verdicts = Array.from({ length: 13 }, (_, second) =>
      sampler.offer(second * SECOND, update(second)),
    );
    const fillIns = new Array<Verdict>(9).fill('normal');
    expect(verdicts).toEqual(['archive', ...fillIns, 'archive', 'normal', 'normal']);
  });

  it('sends the last value of a burst when the interval ends', () => {
    const sampler = new Sampler(rule);
    sampler.offer(0, update(1));
    for (let step = 1; step <= 9; step += 1)
      expect(sampler.offer(step * 0.1 * SECOND, update(step + 1))).toBe('held');
    expect(sampler.deadlineUs).toBe(SECOND);
    expect(sampler.expire(SECOND - 1)).toBeUndefined();
    expect(sampler.expire(SECOND)).toBe('normal');
    expect(sampler.sent?.value).toBe(10);
  });

  it('archives again, with the old value time, what went out as a fill-in last', () => {
    const sampler = new Sampler(rule);
    sampler.offer(0, update(1));
    expect(sampler.offer(2 * SECOND, update(2, 'nominal', 77))).toBe('normal');
    expect(sampler.deadlineUs).toBe(10 * SECOND);
    expect(sampler.expire(10 * SECOND)).toBe('archive');
    expect(sampler.sent).toEqual(update(2, 'nominal', 77));
    expect(sampler.deadlineUs).toBe(10 * SECOND + 3600 * SECOND);
  });

  it('archives a change of status at once, ten a second at most, and then the newest', () => {
    const sampler = new Sampler(rule);
    sampler.offer(0, update(1));
    expect(sampler.offer(1000, update(1, 'warn'))).toBe('archive');
    expect(sampler.offer(2000, update(1, 'error'))).toBe('held');
    expect(sampler.offer(3000, update(1, 'failure'))).toBe('held');
    expect(sampler.deadlineUs).toBe(1000 + STATUS_SPACING_US);
    expect(sampler.expire(sampler.deadlineUs)).toBe('archive');
    expect(sampler.sent?.status).toBe('failure');
  });

  it('breaks a long silence, with what it holds when it holds something', () => {
    const sampler = new Sampler(
      samplingRule({ archiveIntervalSeconds: 100, normalIntervalSeconds: 0, longestSilenceSeconds: 5 }),
    );
    sampler.offer(0, update(1));
    expect(sampler.expire(5 * SECOND)).toBe('archive');
    sampler.offer(6 * SECOND, update(2));
    expect(sampler.expire(10 * SECOND)).toBe('archive');
    expect(sampler.sent?.value).toBe(2);
  });

  it('archives everything that changed when the archive interval is 0, and every update when the dead band is null', () => {
    const sampler = new Sampler(samplingRule({ archiveIntervalSeconds: 0 }));
    expect([1, 1, 2].map((value, place) => sampler.offer(place, update(value)))).toEqual([
      'archive',
      'dropped',
      'archive',
    ]);
    const every = new Sampler(samplingRule({ archiveIntervalSeconds: 0, deadBand: null }));
    expect([1, 1].map((value, place) => every.offer(place, update(value)))).toEqual(['archive', 'archive']);
  });

  it('shortens only the first archive interval by its phase', () => {
    const sampler = new Sampler(rule, 0.5);
    sampler.offer(0, update(0));
    expect(sampler.offer(5 * SECOND, update(1))).toBe('archive');
    expect(sampler.offer(10 * SECOND, update(2))).toBe('normal');
    expect(sampler.offer(15 * SECOND, update(3))).toBe('archive');
  });

  it('takes a new rule at once', () => {
    const sampler = new Sampler(rule);
    sampler.offer(0, update(0));
    sampler.offer(0.5 * SECOND, update(1));
    sampler.changeRule(samplingRule({ normalIntervalSeconds: 0 }));
    expect(sampler.deadlineUs).toBe(10 * SECOND);
  });
});

/**
 * The table of SUBJECTS.md once more, read off the list of what has been sent: slow, stateless but for that list, and written
 * without a look at the Sampler.
 */
class TableOracle {
  readonly log: { atUs: number; rate: Rate; update: Update; statusChange: boolean }[] = [];
  held: Update | undefined;
  rule: SamplingRule;

  constructor(rule: SamplingRule) {
    this.rule = rule;
  }

  private get last() {
    return this.log.at(-1);
  }
  private get tA(): number {
    return this.log.filter((entry) => entry.rate === 'archive').at(-1)?.atUs ?? -Infinity;
  }
  private get tS(): number {
    return this.last?.atUs ?? -Infinity;
  }
  private get tStatus(): number {
    return this.log.filter((entry) => entry.statusChange).at(-1)?.atUs ?? -Infinity;
  }

  private record(atUs: number, rate: Rate, sent: Update): Rate {
    this.log.push({
      atUs,
      rate,
      update: sent,
      statusChange: this.last !== undefined && this.last.update.status !== sent.status,
    });
    this.held = undefined;
    return rate;
  }

  offer(t: number, next: Update): Verdict {
    const { archiveIntervalUs: A, normalIntervalUs: N, deadBand } = this.rule;
    if (this.last === undefined) return this.record(t, 'archive', next);
    if (next.status !== this.last.update.status) {
      if (t >= this.tStatus + STATUS_SPACING_US) return this.record(t, 'archive', next);
    } else if (!hasChanged(deadBand, this.last.update.value, next.value)) {
      this.held = undefined;
      return 'dropped';
    } else if (t - this.tA >= A) return this.record(t, 'archive', next);
    else if (N > 0 && t - this.tS >= N) return this.record(t, 'normal', next);
    this.held = next;
    return 'held';
  }

  /** The timers of the table with the time of each, and what each sends. */
  private timers(): { atUs: number; rate: Rate; update: Update }[] {
    const { last, held } = this;
    if (last === undefined) return [];
    const { archiveIntervalUs: A, normalIntervalUs: N, longestSilenceUs: L } = this.rule;
    const timers: { atUs: number; rate: Rate; update: Update }[] = [];
    const archiveEnds = this.tA + A;
    if (held !== undefined && held.status !== last.update.status) {
      timers.push({ atUs: this.tStatus + STATUS_SPACING_US, rate: 'archive', update: held });
    } else if (held !== undefined) {
      timers.push({ atUs: archiveEnds, rate: 'archive', update: held });
      if (N > 0 && this.tS + N < archiveEnds)
        timers.push({ atUs: this.tS + N, rate: 'normal', update: held });
    } else {
      const archived = this.log.filter((entry) => entry.rate === 'archive').at(-1)?.update.value ?? null;
      if (!Object.is(archived, last.update.value))
        timers.push({ atUs: archiveEnds, rate: 'archive', update: last.update });
    }
    if (L > 0) timers.push({ atUs: this.tS + L, rate: 'archive', update: held ?? last.update });
    return timers.sort((a, b) => a.atUs - b.atUs || (a.rate === 'archive' ? -1 : 1));
  }

  get deadlineUs(): number {
    return this.timers()[0]?.atUs ?? Infinity;
  }

  expire(t: number): Rate | undefined {
    const [due] = this.timers();
    if (due === undefined || due.atUs > t) return undefined;
    return this.record(t, due.rate, due.update);
  }
}

const rules: fc.Arbitrary<SamplingRule> = fc
  .record({
    archiveIntervalSeconds: fc.constantFrom(0, 0.05, 1, 10),
    normalIntervalSeconds: fc.constantFrom(0, 0.02, 0.3, 1, 20),
    longestSilenceSeconds: fc.constantFrom(0, 0.5, 7, 3600),
    deadBand: fc.constantFrom<DeadBand>(null, 0, 1.5, { relative: 0.5 }),
  })
  .map(samplingRule);

const steps = fc.array(
  fc.record({
    afterUs: fc.oneof(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 0, max: 3 * SECOND })),
    value: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant('NaN')),
    status: fc.constantFrom<Status>('nominal', 'nominal', 'nominal', 'warn', 'error'),
  }),
  { maxLength: 60 },
);

describe('the throttle under random times and values', () => {
  it('obeys its table', () => {
    fc.assert(
      fc.property(rules, steps, (rule, updates) => {
        const sampler = new Sampler(rule);
        const oracle = new TableOracle(rule);
        let nowUs = 0;
        const passTime = (untilUs: number) => {
          while (oracle.deadlineUs <= untilUs) {
            nowUs = Math.max(nowUs, oracle.deadlineUs);
            expect(sampler.deadlineUs).toBe(oracle.deadlineUs);
            expect(sampler.expire(nowUs)).toBe(oracle.expire(nowUs));
            expect(sampler.sent).toEqual(oracle.log.at(-1)?.update);
          }
          expect(sampler.deadlineUs).toBe(oracle.deadlineUs);
          nowUs = untilUs;
        };
        for (const step of updates) {
          passTime(nowUs + step.afterUs);
          const next = update(step.value, step.status, nowUs);
          expect(sampler.offer(nowUs, next)).toBe(oracle.offer(nowUs, next));
          expect(sampler.sent).toEqual(oracle.log.at(-1)?.update);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('obeys its table also when its rule changes in between, and what was held is neither lost nor doubled', () => {
    const changes = fc.array(fc.record({ step: fc.nat(60), rule: rules }), { maxLength: 6 });
    fc.assert(
      fc.property(rules, steps, changes, (first, updates, ruleChanges) => {
        const sampler = new Sampler(first);
        const oracle = new TableOracle(first);
        let nowUs = 0;
        const passTime = (untilUs: number) => {
          while (oracle.deadlineUs <= untilUs) {
            nowUs = Math.max(nowUs, oracle.deadlineUs);
            expect(sampler.expire(nowUs)).toBe(oracle.expire(nowUs));
            expect(sampler.sent).toEqual(oracle.log.at(-1)?.update);
          }
          nowUs = untilUs;
        };
        for (const [place, step] of updates.entries()) {
          passTime(nowUs + step.afterUs);
          for (const { rule } of ruleChanges.filter((change) => change.step === place)) {
            const wasHolding = sampler.isHolding;
            sampler.changeRule(rule);
            oracle.rule = rule;
            expect(sampler.isHolding).toBe(wasHolding);
            expect(sampler.deadlineUs).toBe(oracle.deadlineUs);
          }
          const next = update(step.value, step.status, nowUs);
          expect(sampler.offer(nowUs, next)).toBe(oracle.offer(nowUs, next));
          expect(sampler.sent).toEqual(oracle.log.at(-1)?.update);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps the least interval of a new rule from its change on, and sends the last value in the end', () => {
    const quiet = rules.map((rule) => ({ ...rule, longestSilenceUs: 0, deadBand: 0 }));
    fc.assert(
      fc.property(quiet, quiet, steps, fc.nat(59), (before, after, updates, changeAt) => {
        fc.pre(updates.length > changeAt);
        const sampler = new Sampler(before);
        const archived: number[] = [];
        let nowUs = 0;
        let changedUs = Infinity;
        let isStatusChange = false;
        const note = (verdict: Verdict | undefined) => {
          if (verdict === 'archive' && !isStatusChange) archived.push(nowUs);
        };
        const expireUntil = (untilUs: number) => {
          while (sampler.deadlineUs <= untilUs) {
            nowUs = Math.max(nowUs, sampler.deadlineUs);
            const status = sampler.sent?.status;
            const rate = sampler.expire(nowUs);
            isStatusChange = status !== sampler.sent?.status;
            note(rate);
          }
        };
        for (const [place, step] of updates.entries()) {
          expireUntil(nowUs + step.afterUs);
          nowUs += step.afterUs;
          if (place === changeAt) {
            changedUs = nowUs;
            sampler.changeRule(after);
          }
          const status = sampler.sent?.status;
          const verdict = sampler.offer(nowUs, update(step.value, step.status));
          isStatusChange = status !== sampler.sent?.status;
          note(verdict);
        }
        expireUntil(Number.MAX_SAFE_INTEGER);
        expect(sampler.deadlineUs).toBe(Infinity);
        expect(sampler.sent).toMatchObject({ value: updates.at(-1)?.value, status: updates.at(-1)?.status });
        const since = archived.filter((atUs) => atUs > changedUs);
        for (const [place, atUs] of since.entries()) {
          if (place > 0) expect(atUs - since[place - 1]!).toBeGreaterThanOrEqual(after.archiveIntervalUs);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('always sends the last value in the end, and archives it', () => {
    const quiet = rules.map((rule) => ({ ...rule, longestSilenceUs: 0, deadBand: 0 }));
    fc.assert(
      fc.property(quiet, steps, (rule, updates) => {
        fc.pre(updates.length > 0);
        const sampler = new Sampler(rule);
        let nowUs = 0;
        let archived: unknown;
        const note = (verdict: Verdict | undefined) => {
          if (verdict === 'archive') archived = sampler.sent?.value;
        };
        for (const step of updates) {
          nowUs += step.afterUs;
          while (sampler.deadlineUs <= nowUs) note(sampler.expire(sampler.deadlineUs));
          note(sampler.offer(nowUs, update(step.value, step.status)));
        }
        while (sampler.deadlineUs < Infinity) note(sampler.expire(sampler.deadlineUs));
        expect(sampler.sent?.value).toBe(updates.at(-1)?.value);
        expect(sampler.sent?.status).toBe(updates.at(-1)?.status);
        expect(archived).toBe(updates.at(-1)?.value);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('sampling settings', () => {
  it('name the field that is wrong', () => {
    expect(() => samplingRule({ archiveIntervalSeconds: -1 })).toThrow(/archiveIntervalSeconds/);
    expect(() => samplingRule({ longestSilenceSeconds: NaN })).toThrow(/longestSilenceSeconds/);
    expect(() => samplingRule({ deadBand: -0.1 })).toThrow(/deadBand/);
    expect(() => samplingRule({ deadBand: { relative: NaN } })).toThrow(/deadBand/);
  });

  it('read a normal interval above the archive interval as the archive interval', () => {
    expect(samplingRule({ archiveIntervalSeconds: 2, normalIntervalSeconds: 5 }).normalIntervalUs).toBe(
      2 * SECOND,
    );
  });
});
