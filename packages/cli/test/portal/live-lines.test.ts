import { PortalClient, PortalError } from '@katbus/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestPortal } from '../../../portal/test/support/test-portal.ts';
import { LiveLines } from '../../src/portal/live-lines.ts';

let portal: TestPortal;
let client: PortalClient;

beforeAll(async () => {
  portal = await TestPortal.start({ limits: { joinTimeoutMs: 60_000 } });
  client = new PortalClient({ url: portal.url, requestTimeoutMs: 60_000 });
});

afterAll(async () => {
  client.close();
  await portal.stop();
});

it('ends when its time is over, also before the portal has answered', async () => {
  // Frozen, the server answers nobody, and the portal waits for it.
  process.kill(portal.nats.pid, 'SIGSTOP');
  try {
    const startMs = performance.now();
    await new LiveLines(client, { duration: 50 }).follow(['sensor.>'], {});
    expect(performance.now() - startMs).toBeLessThan(5_000);
  } finally {
    process.kill(portal.nats.pid, 'SIGCONT');
  }
});

it('says once why the portal refuses a subject', async () => {
  const following = new LiveLines(client, {}).follow(['rpc.store.history'], {});
  await expect(following).rejects.toThrow(PortalError);
});
