import type { SubscribeParams } from '@katbus/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientError, PortalError } from '../src/errors.ts';
import type { Outcome, RequestSettings } from '../src/pending-requests.ts';
import { SubjectRoutes } from '../src/subject-routes.ts';
import { Delivery, type Subscription } from '../src/subscription.ts';
import { SUBSCRIBE_WINDOW, SubscriptionReplay } from '../src/subscription-replay.ts';

interface Asked {
  readonly method: string;
  readonly params: SubscribeParams | { id: number };
  readonly settings: RequestSettings;
}

const REFUSED = new PortalError('subjectNotAllowed', 'no', { retryable: false });

/** The replay with a portal whose every answer is a step of the walk, so that all orders of answers, losses and closings come about. */
class Walk {
  readonly routes = new SubjectRoutes<Delivery>();
  readonly asked: Asked[] = [];
  readonly timedOut: Asked[] = [];
  readonly subscriptions: Subscription[] = [];
  /** What the portal keeps for the session. */
  readonly atPortal = new Set<number>();
  readonly ended = vi.fn();
  connected = false;
  #lastId = 0;
  readonly replay = new SubscriptionReplay(
    { requestTimeoutMs: 1_000, firstDelayMs: 100, longestDelayMs: 400, random: () => 0.5 },
    this.routes,
    (method, params, settings) => this.asked.push({ method, params: params as SubscribeParams, settings }),
  );

  step(kind: string, which: number): void {
    switch (kind) {
      case 'subscribe': {
        const delivery = new Delivery(['sensor.>'], { onClosed: this.ended });
        this.subscriptions.push(this.replay.add({ subjects: ['sensor.>'] }, delivery));
        break;
      }
      case 'close':
        this.subscriptions[which % this.subscriptions.length]?.close();
        break;
      case 'open':
        if (!this.connected) {
          this.connected = true;
          this.replay.opened();
        }
        break;
      case 'lose':
        if (this.connected) this.#lose();
        break;
      case 'pass':
        vi.advanceTimersByTime(150);
        break;
      case 'late':
        this.#carryOut(this.#take(this.timedOut, which), true);
        break;
      default:
        this.#settle(this.#take(this.asked, which), kind);
    }
  }

  #lose(): void {
    this.connected = false;
    this.atPortal.clear();
    this.timedOut.length = 0;
    this.replay.lost(1);
    for (const { settings } of this.asked.splice(0)) settings.settle({ error: clientError('disconnected') });
  }

  #settle(asked: Asked | undefined, kind: string): void {
    if (asked === undefined) return;
    if (kind === 'answer') this.#carryOut(asked, false);
    else if (kind === 'refuse') this.#refuse(asked);
    else if (kind === 'fail')
      asked.settings.settle({ error: new PortalError('busy', 'later', { retryable: true }) });
    else {
      this.timedOut.push(asked);
      asked.settings.settle({ error: clientError('noAnswer') });
    }
  }

  /** Of an unsubscribe it means that the portal has no such subscription. */
  #refuse({ method, params, settings }: Asked): void {
    if (method === 'unsubscribe') this.atPortal.delete((params as { id: number }).id);
    settings.settle({ error: REFUSED });
  }

  #carryOut(asked: Asked | undefined, isLate: boolean): void {
    if (asked === undefined) return;
    const { settings } = asked;
    const settle = (outcome: Outcome) => (isLate ? settings.late?.(outcome) : settings.settle(outcome));
    if (asked.method === 'unsubscribe') {
      this.atPortal.delete((asked.params as { id: number }).id);
      settle({ result: {} });
    } else {
      const id = ++this.#lastId;
      this.atPortal.add(id);
      settle({ result: { id, count: 0, cursor: '' } });
    }
  }

  #take(list: Asked[], which: number): Asked | undefined {
    return list.splice(which % Math.max(1, list.length), 1)[0];
  }

  /** 1-5 are named in the test. */
  check(): void {
    const { standings } = this.replay;
    const count = (name: string) => standings.filter((standing) => standing.name === name).length;
    const open = this.subscriptions.filter(({ closed }) => !closed);
    expect(standings).toHaveLength(open.length);
    expect(this.routes.all()).toHaveLength(open.length);
    expect(count('asked')).toBeLessThanOrEqual(SUBSCRIBE_WINDOW);
    if (!this.connected) expect(count('wanted')).toBe(standings.length);
    else if (count('wanted') > 0) expect(count('asked')).toBe(SUBSCRIBE_WINDOW);
    for (const standing of standings)
      if (standing.name === 'live') expect(this.atPortal).toContain(standing.id);
    expect(vi.getTimerCount()).toBeGreaterThanOrEqual(count('resting'));
    if (!this.connected) expect(vi.getTimerCount()).toBe(0);
    expect(this.ended).toHaveBeenCalledTimes(this.subscriptions.length - open.length);
  }

  /** Lets everything that is under way come to its end. */
  settleAll(): void {
    this.step('open', 0);
    for (let round = 0; round < 1_000; round += 1) {
      if (this.timedOut.length > 0) this.step('late', 0);
      else if (this.asked.length > 0) this.step('answer', 0);
      else if (vi.getTimerCount() > 0) vi.advanceTimersByTime(500);
      else return;
    }
    throw new Error('the replay does not come to rest');
  }
}

describe('subscription replay', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /**
   * What holds after every step:
   * 1. each subscription that is not closed is kept and routed, each closed one is neither, and was told so once;
   * 2. without a connection all are wanted, and no timer runs; with one, one is only wanted while the window is full;
   * 3. the window is kept; 4. what is live is known to the portal; 5. what rests has a timer.
   * And when all has come to rest: the portal keeps what is live, and nothing else.
   */
  it('keeps its invariants on random walks, and leaves nothing behind at the portal', () => {
    const kinds = [
      'subscribe',
      'subscribe',
      'close',
      'open',
      'lose',
      'pass',
      'late',
      'answer',
      'answer',
      'fail',
      'timeOut',
      'refuse',
    ];
    const steps = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(30)), { maxLength: 80 });
    fc.assert(
      fc.property(steps, (walk) => {
        vi.clearAllTimers();
        const here = new Walk();
        for (const [kind, which] of walk) {
          here.step(kind, which);
          here.check();
        }
        here.settleAll();
        here.check();
        const live = here.replay.standings.map((standing) =>
          standing.name === 'live' ? standing.id : undefined,
        );
        expect([...here.atPortal].sort()).toEqual(live.sort());
        here.replay.endAll(undefined);
        here.check();
      }),
      { numRuns: 500 },
    );
  });
});
