import { describe, expect, it, vi } from 'vitest';
import type { ClientState } from '../src/index.ts';
import { sampleOf } from './fault-portal.ts';
import { usePortal } from './use-portal.ts';

const LOAD = 'sensor.normal.host.load';

describe('reconnecting', () => {
  const here = usePortal();

  it('subscribes again, tells of the gap, and gives a fresh snapshot, in this order', async () => {
    const client = here.connect();
    const seen: unknown[] = [];
    const startSeconds = Date.now() / 1000;
    client.subscribe(['sensor.>'], {
      onSnapshot: ({ samples }) => seen.push(samples.map(({ sample }) => sample.value)),
      onSample: ({ value }) => seen.push(value),
      onGap: (gap) => seen.push(gap),
    });
    await vi.waitFor(() => expect(seen).toEqual([[]]));
    here.portal.publish(LOAD, sampleOf('load', 1));
    await vi.waitFor(() => expect(seen).toEqual([[], 1]));
    here.portal.samples.set(LOAD, sampleOf('load', 2));
    await here.portal.restart();
    await vi.waitFor(() => expect(seen).toHaveLength(4));
    expect(seen.slice(2)).toMatchObject([{ reason: 'reconnected' }, [2]]);
    const { from, to } = seen[2] as { from: number; to: number };
    expect(from).toBeGreaterThanOrEqual(startSeconds);
    expect(to).toBeGreaterThanOrEqual(from);
    expect(to).toBeLessThanOrEqual(Date.now() / 1000);
    here.portal.publish(LOAD, sampleOf('load', 3));
    await vi.waitFor(() => expect(seen.at(-1)).toBe(3));
    expect(client.counters.opened).toBe(2);
  });

  it('does not give a sample again that was given before', async () => {
    const client = here.connect();
    const values: unknown[] = [];
    const onGap = vi.fn();
    client.subscribe(['sensor.>'], { onSample: ({ value }) => values.push(value), onGap });
    await client.info();
    here.portal.publish(LOAD, sampleOf('load', 1));
    here.portal.publish('sensor.normal.host.other', sampleOf('other', 10));
    await vi.waitFor(() => expect(values).toEqual([1, 10]));
    here.portal.samples.set(LOAD, sampleOf('load', 2));
    here.portal.cutSessions();
    await vi.waitFor(() => expect(onGap).toHaveBeenCalled());
    await vi.waitFor(() => expect(values).toEqual([1, 10, 2]));
  });

  it('happens when the portal is up late', async () => {
    await here.portal.stop();
    const client = here.connect();
    const onGap = vi.fn();
    const subscription = client.subscribe([LOAD], { onGap });
    await vi.waitFor(() => expect(client.state.name).toBe('waiting'));
    await here.startAgain();
    await subscription.ready;
    expect(onGap).not.toHaveBeenCalled();
  });

  it('does not happen after a close code that forbids it: everything ends with the reason', async () => {
    const client = here.connect();
    const onClosed = vi.fn();
    await client.subscribe([LOAD], { onClosed }).ready;
    here.portal.closeSessions(4010, 'too many malformed requests in a row');
    await vi.waitFor(() => expect(client.state.name).toBe('closed'));
    expect(client.state.disconnect).toEqual({ code: 4010, reason: 'too many malformed requests in a row' });
    expect(onClosed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'closed' }));
    await expect(client.info()).rejects.toMatchObject({ code: 'closed' });
  });

  it('happens when the portal says nothing any more, although the connection stands', async () => {
    const client = here.connect({ quietMs: 100, signTimeoutMs: 100 });
    here.portal.scripts.set('info', () => 'silence');
    await vi.waitFor(() => expect(client.counters.opened).toBe(2), { timeout: 5_000 });
    here.portal.scripts.delete('info');
    const asked = here.portal.asked('info').length;
    await vi.waitFor(() => expect(here.portal.asked('info').length).toBeGreaterThan(asked + 2));
    expect(client.state.name).toBe('open');
  });

  it('can be asked for at once, and its states are told', async () => {
    await here.portal.stop();
    const states: ClientState[] = [];
    const client = here.connect({
      firstDelayMs: 600_000,
      longestDelayMs: 600_000,
      random: () => 0.9,
    });
    const undo = client.onState((state) => states.push(state));
    await vi.waitFor(() => expect(client.state.name).toBe('waiting'));
    await here.startAgain();
    client.reconnectNow();
    await client.info();
    expect(states.map(({ name }) => name)).toEqual(['waiting', 'connecting', 'open']);
    expect(states[0]).toMatchObject({ delayMs: 540_000, disconnect: { code: 1006 } });
    undo();
    client.close();
    expect(states).toHaveLength(3);
  });
});
