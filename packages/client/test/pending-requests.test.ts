import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientError } from '../src/errors.ts';
import { PendingRequests, type Outcome, type RequestBounds } from '../src/pending-requests.ts';

describe('pending requests', () => {
  const sent: { id: number; method: string }[] = [];
  const send = (text: string) => {
    sent.push(JSON.parse(text) as { id: number; method: string });
    return true;
  };
  const make = (bounds: Partial<RequestBounds> = {}) => {
    const requests = new PendingRequests({ mostRequests: 10, mostUnderWay: 10, ...bounds }, send);
    requests.connected();
    return requests;
  };
  const codes = (outcomes: readonly Outcome[]) =>
    outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : outcome.result));

  beforeEach(() => {
    vi.useFakeTimers();
    sent.length = 0;
  });
  afterEach(() => void vi.useRealTimers());

  it('settle by the answer with their id, once, and are forgotten', () => {
    const requests = make();
    const outcomes: Outcome[] = [];
    requests.add('info', {}, { timeoutMs: 1_000, settle: (outcome) => outcomes.push(outcome) });
    requests.add('list', {}, { timeoutMs: 1_000, settle: (outcome) => outcomes.push(outcome) });
    expect(requests.answer(sent[1]!.id, { result: 'second' })).toBe(true);
    expect(requests.answer(sent[0]!.id, { result: 'first' })).toBe(true);
    expect(requests.answer(sent[0]!.id, { result: 'again' })).toBe(false);
    expect(requests.answer('0', { result: 'no such' })).toBe(false);
    expect(codes(outcomes)).toEqual(['second', 'first']);
    expect(requests.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that were made without a connection go out in order when it opens', () => {
    const requests = make();
    requests.disconnected(clientError('disconnected'));
    for (const method of ['a', 'b', 'c'])
      requests.add(method, {}, { timeoutMs: 1_000, settle: () => undefined });
    expect(sent).toEqual([]);
    requests.connected();
    requests.connected();
    expect(sent.map(({ method }) => method)).toEqual(['a', 'b', 'c']);
    requests.rejectAll(clientError('closed'));
  });

  it('say by their code whether the portal had them when the time was up', () => {
    const requests = make();
    const outcomes: Outcome[] = [];
    requests.add('info', {}, { timeoutMs: 1_000, settle: (outcome) => outcomes.push(outcome) });
    vi.advanceTimersByTime(1_000);
    requests.disconnected(clientError('disconnected'));
    requests.add('info', {}, { timeoutMs: 1_000, settle: (outcome) => outcomes.push(outcome) });
    vi.advanceTimersByTime(1_000);
    expect(codes(outcomes)).toEqual(['noAnswer', 'disconnected']);
    expect(outcomes.every((outcome) => 'error' in outcome && outcome.error.retryable)).toBe(true);
  });

  it('that were sent end with the connection, those that were not wait on', () => {
    const requests = make();
    const outcomes: Outcome[] = [];
    requests.add('sent', {}, { timeoutMs: 9_000, settle: (outcome) => outcomes.push(outcome) });
    requests.disconnected(clientError('disconnected', '1006'));
    requests.add('unsent', {}, { timeoutMs: 9_000, settle: (outcome) => outcomes.push(outcome) });
    expect(codes(outcomes)).toEqual(['disconnected']);
    requests.connected();
    requests.answer(sent.at(-1)!.id, { result: 'late but well' });
    expect(codes(outcomes)).toEqual(['disconnected', 'late but well']);
  });

  it('beyond the bound are refused at once', () => {
    const requests = make({ mostRequests: 2 });
    const outcomes: Outcome[] = [];
    for (let n = 0; n < 3; n += 1)
      requests.add('info', {}, { timeoutMs: 1_000, settle: (outcome) => outcomes.push(outcome) });
    expect(codes(outcomes)).toEqual(['tooManyRequests']);
    expect(sent).toHaveLength(2);
    requests.rejectAll(clientError('closed'));
  });

  it('wait for a place among those under way, which one that timed out still holds until the portal answers it', () => {
    const requests = make({ mostUnderWay: 2 });
    const outcomes: Outcome[] = [];
    const settle = (outcome: Outcome) => void outcomes.push(outcome);
    requests.add('a', {}, { timeoutMs: 1_000, settle });
    for (const method of ['b', 'c', 'd']) requests.add(method, {}, { timeoutMs: 5_000, settle });
    expect(sent.map(({ method }) => method)).toEqual(['a', 'b']);
    vi.advanceTimersByTime(1_000);
    expect(codes(outcomes)).toEqual(['noAnswer']);
    expect(sent).toHaveLength(2);
    expect(requests.answer(sent[0]!.id, { result: 'late' })).toBe(true);
    expect(sent.map(({ method }) => method)).toEqual(['a', 'b', 'c']);
    requests.answer(sent[1]!.id, { result: 'b' });
    expect(sent.map(({ method }) => method)).toEqual(['a', 'b', 'c', 'd']);
    expect(codes(outcomes)).toEqual(['noAnswer', 'b']);
    requests.rejectAll(clientError('closed'));
  });

  it('give a late answer to who must undo it, but not one of a connection that is gone', () => {
    const requests = make();
    const late = vi.fn();
    const settle = vi.fn();
    requests.add('subscribe', {}, { timeoutMs: 1_000, settle, late });
    requests.add('subscribe', {}, { timeoutMs: 1_000, settle, late });
    vi.advanceTimersByTime(1_000);
    expect(requests.answer(sent[0]!.id, { result: { id: 7 } })).toBe(true);
    expect(late).toHaveBeenCalledExactlyOnceWith({ result: { id: 7 } });
    requests.disconnected(clientError('disconnected'));
    expect(requests.answer(sent[1]!.id, { result: { id: 8 } })).toBe(false);
    expect(late).toHaveBeenCalledTimes(1);
    expect(settle).toHaveBeenCalledTimes(2);
  });
});
