import type {
  PortalMethod,
  PortalMethods,
  SnapshotNotification,
  SubscribeParams,
  SubscribeResult,
} from '@katbus/protocol';
import { backoffMs, type BackoffOptions } from './backoff.ts';
import { clientError, type PortalError } from './errors.ts';
import type { Outcome, RequestSettings } from './pending-requests.ts';
import type { SubjectRoutes } from './subject-routes.ts';
import type { Delivery, Subscription } from './subscription.ts';

/** Subscribe requests under way at once, so that a reconnect does not trip over the portal's bound on a session's requests. */
export const SUBSCRIBE_WINDOW = 8;

type Timer = ReturnType<typeof setTimeout>;

/** How a subscription stands with the portal. */
export type Standing =
  /** To be asked for as soon as there is a connection and a place in the window. */
  | { readonly name: 'wanted'; readonly failures: number }
  | { readonly name: 'asked' }
  | { readonly name: 'live'; readonly id: number }
  /** The portal could not; it is asked again when the timer ends. */
  | { readonly name: 'resting'; readonly timer: Timer }
  | { readonly name: 'closed' };

interface Kept {
  readonly params: SubscribeParams;
  readonly delivery: Delivery;
  readonly unroute: () => void;
  readonly resolve: (result: SubscribeResult) => void;
  readonly reject: (error: PortalError) => void;
  standing: Standing;
  /** Unix seconds of the last frame before the connection was lost; absent while nothing was missed. */
  missedFrom?: number | undefined;
}

export type Ask = (
  method: PortalMethod,
  params: PortalMethods[PortalMethod]['params'],
  settings: RequestSettings,
) => void;

export interface ReplayOptions extends BackoffOptions {
  readonly requestTimeoutMs: number;
}

/** The portal's side of all subscriptions: asked for, asked for again after a reconnect, given back when closed. */
export class SubscriptionReplay {
  readonly #options: ReplayOptions;
  readonly #ask: Ask;
  readonly #routes: SubjectRoutes<Delivery>;
  readonly #kept = new Set<Kept>();
  readonly #live = new Map<number, Kept>();
  /** Ids that the portal could not unsubscribe yet. */
  readonly #leaving = new Set<Timer>();
  #connected = false;

  constructor(options: ReplayOptions, routes: SubjectRoutes<Delivery>, ask: Ask) {
    this.#options = options;
    this.#routes = routes;
    this.#ask = ask;
  }

  /** How each subscription stands that is not closed. */
  get standings(): Standing[] {
    return [...this.#kept].map(({ standing }) => standing);
  }

  add(params: SubscribeParams, delivery: Delivery): Subscription {
    const { promise: ready, resolve, reject } = Promise.withResolvers<SubscribeResult>();
    // Who only waits for samples need not look at `ready`; onClosed tells of the refusal too.
    ready.catch(() => undefined);
    const unroute = this.#routes.add(delivery);
    const kept: Kept = {
      params,
      delivery,
      unroute,
      resolve,
      reject,
      standing: { name: 'wanted', failures: 0 },
    };
    this.#kept.add(kept);
    this.#askWanted();
    return {
      subjects: params.subjects,
      ready,
      get closed() {
        return kept.standing.name === 'closed';
      },
      latest: (address) => delivery.latest(address),
      close: () => this.#end(kept, undefined),
    };
  }

  snapshot(notification: SnapshotNotification): boolean {
    const kept = this.#live.get(notification.id);
    kept?.delivery.snapshot(notification);
    return kept !== undefined;
  }

  opened(): void {
    this.#connected = true;
    this.#askWanted();
  }

  /** @param heardSeconds when the last frame came, Unix seconds */
  lost(heardSeconds: number): void {
    this.#connected = false;
    this.#live.clear();
    for (const timer of this.#leaving) clearTimeout(timer);
    this.#leaving.clear();
    for (const kept of this.#kept) {
      if (kept.standing.name === 'live') kept.missedFrom = heardSeconds;
      this.#become(kept, { name: 'wanted', failures: 0 });
    }
  }

  endAll(error: PortalError | undefined): void {
    for (const kept of [...this.#kept]) this.#end(kept, error);
  }

  /** The only place where a standing changes. */
  #become(kept: Kept, next: Standing): void {
    const left = kept.standing;
    if (left.name === 'resting') clearTimeout(left.timer);
    if (left.name === 'live') this.#live.delete(left.id);
    kept.standing = next;
    if (next.name === 'live') this.#live.set(next.id, kept);
  }

  #askWanted(): void {
    if (!this.#connected) return;
    let underWay = this.standings.filter(({ name }) => name === 'asked').length;
    for (const kept of this.#kept) {
      if (underWay >= SUBSCRIBE_WINDOW) return;
      if (kept.standing.name !== 'wanted') continue;
      this.#subscribe(kept, kept.standing.failures);
      underWay += 1;
    }
  }

  #subscribe(kept: Kept, failures: number): void {
    const asked: Standing = { name: 'asked' };
    this.#become(kept, asked);
    kept.delivery.begin();
    this.#ask('subscribe', kept.params, {
      timeoutMs: this.#options.requestTimeoutMs,
      settle: (outcome) => {
        // Closed meanwhile, or the connection went down and came back: then this answer belongs to nobody.
        if (kept.standing !== asked) this.#leaveLate(outcome);
        else if ('result' in outcome) this.#answered(kept, outcome.result as SubscribeResult);
        else this.#refused(kept, outcome.error, failures);
        this.#askWanted();
      },
      late: (outcome) => this.#leaveLate(outcome),
    });
  }

  #answered(kept: Kept, result: SubscribeResult): void {
    if (typeof result?.id !== 'number') {
      this.#end(kept, clientError('malformedAnswer', 'subscribe answered without an id'));
      return;
    }
    this.#become(kept, { name: 'live', id: result.id });
    kept.resolve(result);
    const from = kept.missedFrom;
    kept.missedFrom = undefined;
    if (from !== undefined) kept.delivery.gap({ from, to: Date.now() / 1000, reason: 'reconnected' });
  }

  #refused(kept: Kept, error: PortalError, failures: number): void {
    if (!error.retryable) {
      this.#end(kept, error);
      return;
    }
    const timer = setTimeout(
      () => {
        this.#become(kept, { name: 'wanted', failures: failures + 1 });
        this.#askWanted();
      },
      backoffMs(failures, this.#options),
    );
    this.#become(kept, { name: 'resting', timer });
    kept.delivery.retry(error);
  }

  #end(kept: Kept, error: PortalError | undefined): void {
    const { standing } = kept;
    if (standing.name === 'closed') return;
    this.#become(kept, { name: 'closed' });
    this.#kept.delete(kept);
    kept.unroute();
    if (standing.name === 'live') this.#leave(standing.id, 0);
    kept.reject(error ?? clientError('closed', 'the subscription was closed before the portal answered'));
    kept.delivery.ended(error);
  }

  #leaveLate(outcome: Outcome): void {
    if ('result' in outcome) this.#leave((outcome.result as SubscribeResult).id, 0);
  }

  #leave(id: number, failures: number): void {
    if (!this.#connected) return;
    this.#ask(
      'unsubscribe',
      { id },
      {
        timeoutMs: this.#options.requestTimeoutMs,
        settle: (outcome) => {
          // With the connection the portal's session ends, and with it all its subscriptions.
          if (!('error' in outcome) || !outcome.error.retryable || !this.#connected) return;
          const timer = setTimeout(
            () => {
              this.#leaving.delete(timer);
              this.#leave(id, failures + 1);
            },
            backoffMs(failures, this.#options),
          );
          this.#leaving.add(timer);
        },
      },
    );
  }
}
