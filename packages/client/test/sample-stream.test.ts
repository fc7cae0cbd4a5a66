import { describe, expect, it, vi } from 'vitest';
import { sampleOf } from './fault-portal.ts';
import { usePortal } from './use-portal.ts';

const LOAD = 'sensor.normal.host.load';

describe('samples for a loop', () => {
  const here = usePortal();

  it('come as they are published, and the subscription ends with the loop', async () => {
    const client = here.connect();
    here.portal.samples.set(LOAD, sampleOf('load', 0));
    const values: unknown[] = [];
    for await (const { sample, subject } of client.samples([LOAD])) {
      values.push(sample.value);
      if (values.length === 3) break;
      here.portal.publish(subject, sampleOf('load', values.length));
    }
    expect(values).toEqual([0, 1, 2]);
    await vi.waitFor(() => expect(here.portal.asked('unsubscribe')).toHaveLength(1));
  });

  it('beyond the bound are passed over, oldest first, and counted', async () => {
    const client = here.connect();
    here.portal.samples.set(LOAD, sampleOf('load', 0));
    const stream = client.samples(['sensor.>'], { mostWaiting: 3 });
    await stream.next();
    for (let n = 1; n <= 5; n += 1) here.portal.publish(LOAD, sampleOf('load', n));
    here.portal.publish('sensor.normal.host.other', sampleOf('other', 6));
    await vi.waitFor(() => expect(client.counters.frames).toBeGreaterThanOrEqual(8));
    const rest = [];
    for (let n = 0; n < 3; n += 1) rest.push((await stream.next()).value);
    expect(rest.map((entry) => entry && [entry.sample.value, entry.skipped])).toEqual([
      [4, 3],
      [5, 0],
      [6, 0],
    ]);
    await stream.return();
  });

  it('end with the error when the portal refuses', async () => {
    here.portal.scripts.set('subscribe', () => ({ error: 'tooManySubscriptions' }));
    await expect(here.connect().samples([LOAD]).next()).rejects.toMatchObject({
      code: 'tooManySubscriptions',
    });
  });
});
