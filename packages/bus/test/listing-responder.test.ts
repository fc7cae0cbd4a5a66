import type { ListingChunk } from '@katbus/protocol';
import { describe, expect, it } from 'vitest';
import { ListingResponder, type ListingOptions } from '../src/listing-responder.ts';
import { LoopTurns } from '../src/loop-turns.ts';
import type { Sensor } from '../src/sensor.ts';

interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}

/** A responder of so many sensors, and what it has published. */
function responder(sensors: number, options: Partial<ListingOptions> = {}) {
  const published: (ListingChunk | ErrorAnswer)[] = [];
  const all = Array.from({ length: sensors }, (_, i): Partial<Sensor> => ({
    address: { component: 'wx', sensor: `s${i}` },
    attributes: { name: `wx_s${i}`, katcp_name: `wx.s${i}` },
    reading: () => undefined,
  })) as Sensor[];
  const listing = new ListingResponder(
    {
      component: 'wx',
      sensors: () => all,
      publish: (_, payload) => published.push(JSON.parse(payload) as ListingChunk),
    },
    options,
  );
  const ask = (request: object) =>
    listing.respond({ data: Buffer.from(JSON.stringify(request)), reply: 'inbox' });
  return { ask, published };
}

/** A clock that moves on each time it is read. */
function tickingClock(stepMs: number): () => number {
  let nowMs = 0;
  return () => (nowMs += stepMs);
}

describe('a listing', () => {
  it('gives up the loop again and again, also while nothing matches', async () => {
    let turnsTaken = 0;
    const turns = () =>
      new LoopTurns({
        mostMs: 5,
        nowMs: tickingClock(0.01),
        nextTurn: () => Promise.resolve((turnsTaken += 1)),
      });
    const { ask, published } = responder(200_000, { turns });
    await ask({ filter: 'nothing$' });
    expect(published).toEqual([{ component: 'wx', sensors: [], last: true }]);
    // Each look at the clock is 10 us later than the one before: 200,000 names are 2 s of work.
    expect(turnsTaken).toBeGreaterThan(390);
    expect(turnsTaken).toBeLessThan(410);
  });

  it('of a filter that takes too long is ended, naming it', async () => {
    const { ask, published } = responder(200_000, { nowMs: tickingClock(1), mostFilterMs: 500 });
    await ask({ filter: 'slow' });
    expect(published).toEqual([
      {
        error: { code: 'MALFORMED_REQUEST', message: 'filter: takes longer than 500 ms', field: 'filter' },
      },
    ]);
  });

  it('waits for the one before, and is refused when too many wait', async () => {
    const { ask, published } = responder(3, { mostWaiting: 2 });
    await Promise.all([ask({ filter: 's0' }), ask({ filter: 's1' }), ask({ filter: 's2' }), ask({})]);
    expect(
      published.map((answer) => ('error' in answer ? answer.error.code : answer.sensors[0]?.sensor)),
    ).toEqual(['BUSY', 's0', 's1', 's2']);
    await ask({});
    expect(published).toHaveLength(5);
  });

  it('goes on after one that failed', async () => {
    const { ask, published } = responder(1);
    await Promise.all([ask({ filter: '(' }), ask({ filter: '(?!a)' }), ask({})]);
    const failed = published.filter((answer) => 'error' in answer);
    expect(failed.map(({ error }) => error.field)).toEqual(['filter', 'filter']);
    expect(published).toContainEqual(expect.objectContaining({ last: true }));
  });
});
