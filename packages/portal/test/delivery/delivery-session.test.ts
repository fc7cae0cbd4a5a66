import { expect, test, vi } from 'vitest';
import type { Delivery } from '../../src/delivery/delivery.ts';
import { DeliverySession } from '../../src/delivery/delivery-session.ts';
import { Publication } from '../../src/delivery/publication.ts';
import type { Receiver } from '../../src/delivery/receiver.ts';
import { Subscription } from '../../src/delivery/subscription.ts';

/** A live subscription whose snapshot has shown a sample of this time. */
function shownAt(floorUs: number) {
  const publish = vi.fn<Receiver['publish']>();
  const session = new DeliverySession({} as Delivery, { publish } as unknown as Receiver);
  const interest = { patterns: [], wantsSnapshot: true, strategy: 'auto', mode: 'newest' } as const;
  const subscription = new Subscription(1, session, interest);
  subscription.state = 'live';
  subscription.floors = { times: new Map([['wx.a', floorUs]]), newer: new Map() };
  const giveLate = (timeUs: number, isSilent: boolean) => {
    const publication = new Publication('sample', 'sensor.archive.wx.a', 'wx.a', '{}', timeUs);
    publish.mockClear();
    session.giveLate(publication, false, [subscription], isSilent, () => 'newer');
    return publish.mock.calls.map(([, manner]) => manner.isRepeat);
  };
  return giveLate;
}

test('what a strategy gives late is new only to who has not had it in a snapshot', () => {
  const giveLate = shownAt(10_000_000);
  expect(giveLate(10_100_000, false)).toEqual([false]);
  expect(giveLate(10_000_000, false)).toEqual([]);
  expect(giveLate(10_000_000, true)).toEqual([true]);
});

test('what a strategy gives late never takes a client back behind its snapshot', () => {
  const giveLate = shownAt(10_000_000);
  expect(giveLate(9_900_000, false)).toEqual([]);
  expect(giveLate(9_900_000, true)).toEqual([]);
});
