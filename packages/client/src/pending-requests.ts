import { clientError, type PortalError } from './errors.ts';

export type Outcome = { readonly result: unknown } | { readonly error: PortalError };

export interface RequestSettings {
  readonly timeoutMs: number;
  /** Called once, in the same turn as the answer, so that what follows on the connection finds its effects done. */
  settle(outcome: Outcome): void;
  /** Called when an answer comes after the time-out settled the request, for what then has to be undone at the portal. */
  readonly late?: (outcome: Outcome) => void;
}

interface Request extends RequestSettings {
  readonly id: number;
  readonly method: string;
  readonly text: string;
  readonly timer: ReturnType<typeof setTimeout>;
  sent: boolean;
}

export interface RequestBounds {
  readonly mostRequests: number;
  readonly mostUnderWay: number;
}

/** Requests that wait for the connection or for their answer. A request is settled and forgotten in one place, `#settle`. */
export class PendingRequests {
  readonly #bounds: RequestBounds;
  readonly #send: (text: string) => boolean;
  readonly #requests = new Map<number, Request>();
  /** Ids that the portal has not answered, with what a late answer then has to undo; it outlives the request's time-out. */
  readonly #underWay = new Map<number, RequestSettings['late']>();
  #lastId = 0;
  #connected = false;

  /** @param send returns false when there is no connection */
  constructor(bounds: RequestBounds, send: (text: string) => boolean) {
    this.#bounds = bounds;
    this.#send = send;
  }

  get size(): number {
    return this.#requests.size;
  }

  add(method: string, params: unknown, settings: RequestSettings): void {
    if (this.#requests.size >= this.#bounds.mostRequests) {
      settings.settle({
        error: clientError('tooManyRequests', `${this.#bounds.mostRequests} (mostRequests)`),
      });
      return;
    }
    const id = ++this.#lastId;
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const timer = setTimeout(() => this.#timeOut(id), settings.timeoutMs);
    const request: Request = { ...settings, id, method, text, timer, sent: false };
    this.#requests.set(id, request);
    this.#transmit(request);
  }

  connected(): void {
    this.#connected = true;
    this.#transmitWaiting();
  }

  /** @returns false when no request waits for this answer */
  answer(id: unknown, outcome: Outcome): boolean {
    if (typeof id !== 'number' || !this.#underWay.has(id)) return false;
    const late = this.#underWay.get(id);
    this.#underWay.delete(id);
    if (!this.#settle(id, outcome)) late?.(outcome);
    this.#transmitWaiting();
    return true;
  }

  /** The connection is gone: what was sent may or may not have been carried out; what was not waits on. */
  disconnected(error: PortalError): void {
    this.#connected = false;
    this.#underWay.clear();
    for (const { id, sent } of [...this.#requests.values()]) if (sent) this.#settle(id, { error });
  }

  rejectAll(error: PortalError): void {
    this.#underWay.clear();
    for (const id of [...this.#requests.keys()]) this.#settle(id, { error });
  }

  #transmitWaiting(): void {
    for (const request of this.#requests.values()) {
      if (this.#underWay.size >= this.#bounds.mostUnderWay) return;
      if (!request.sent) this.#transmit(request);
    }
  }

  #transmit(request: Request): void {
    if (!this.#connected || this.#underWay.size >= this.#bounds.mostUnderWay) return;
    request.sent = this.#send(request.text);
    if (request.sent) this.#underWay.set(request.id, request.late);
  }

  #timeOut(id: number): void {
    const request = this.#requests.get(id);
    if (request === undefined) return;
    const what = `${request.method} after ${request.timeoutMs} ms`;
    this.#settle(id, { error: clientError(this.#connected ? 'noAnswer' : 'disconnected', what) });
  }

  #settle(id: number, outcome: Outcome): boolean {
    const request = this.#requests.get(id);
    if (request === undefined) return false;
    this.#requests.delete(id);
    clearTimeout(request.timer);
    request.settle(outcome);
    return true;
  }
}
