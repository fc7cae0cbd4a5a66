import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { planPorts, PORT_NAMES } from '../../src/up/port-plan.ts';

describe('the ports of up', () => {
  it('are as many different free ones when 0 is asked for', async () => {
    const plan = await planPorts({}, 0);
    const ports = Object.values(plan);
    expect(ports).toHaveLength(PORT_NAMES.length);
    expect(new Set(ports).size).toBe(PORT_NAMES.length);
    expect(ports.every((port) => port > 0)).toBe(true);
  });

  it('follow each other from the first, but for those that are given', async () => {
    const { nats } = await planPorts({}, 0);
    const plan = await planPorts({ store: 0 }, nats, PORT_NAMES);
    expect(plan).toMatchObject({
      nats,
      natsMonitoring: nats + 1,
      portal: nats + 2,
      store: 0,
      services: nats + 4,
      telescope: nats + 6,
    });
  });

  it('do not go beyond the last port that there is', async () => {
    await expect(planPorts({}, 65_533)).rejects.toThrow('--ports-from 65533: 7 ports follow');
  });

  it('names the port that is in use, for whom it was, and the option that changes it', async () => {
    await using taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await expect(planPorts({ portal: port }, 0)).rejects.toThrow(
      new RegExp(`port ${port} \\(the portal; --portal-port\\) is in use`),
    );
    await expect(planPorts({ nats: port }, 0)).rejects.toThrow(`--nats nats://127.0.0.1:${port}`);
    // A port that nothing will listen on may be in use.
    await expect(planPorts({ nats: port }, 0, ['nats'])).resolves.toMatchObject({ nats: port });
  });
});
