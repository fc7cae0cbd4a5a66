import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { NetworkProbe } from '../../../src/host/probes/network.ts';
import { kernelFolder } from '../kernel-folder.ts';
import { readingsOf } from '../readings.ts';

const HEADING =
  'Inter-|   Receive                                                |  Transmit\n' +
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
const line = (name: string, received: number, sent: number, errors = 0) =>
  `${name}:${received} 9 ${errors} 0 0 0 0 0 ${sent} 9 0 0 0 0 0 0\n`;

describe('the network probe', () => {
  it('turns counters into bytes a second and shows errors as they grow', async () => {
    await using kernel = await kernelFolder({
      'proc/net/dev': HEADING + line('  eth0', 1_000, 5_000, 2),
      'sys/class/net/eth0/operstate': 'up\n',
    });
    const probe = new NetworkProbe(kernel);
    const first = await readingsOf(probe);
    expect(first.get('net.eth0.received')).toBeUndefined();
    expect(first.get('net.eth0.errors')).toMatchObject({ value: 2, status: 'nominal' });
    expect(first.get('net.eth0.state')?.value).toBe('up');
    const start = performance.now();
    await delay(100);
    await kernel.write({ 'proc/net/dev': HEADING + line('  eth0', 101_000, 5_000, 3) });
    const second = await readingsOf(probe);
    const seconds = (performance.now() - start) / 1000;
    // The look was somewhere within the time that we measured.
    expect(second.get('net.eth0.received')?.value).toBeGreaterThan((100_000 / seconds) * 0.5);
    expect(second.get('net.eth0.received')?.value).toBeLessThan(100_000 / 0.09);
    expect(second.get('net.eth0.sent')?.value).toBe(0);
    expect(second.get('net.eth0.errors')).toMatchObject({ value: 3, status: 'warn' });
  });

  it('takes an interface in when it is used, and never one end of a pair into a container', async () => {
    await using kernel = await kernelFolder({
      'proc/net/dev': HEADING + line('ifb0', 0, 0) + line('veth1a2b', 500, 500),
      'sys/class/net/ifb0/operstate': 'down\n',
    });
    const probe = new NetworkProbe(kernel);
    await probe.read();
    expect(probe.sensors()).toEqual([]);
    await kernel.write({ 'proc/net/dev': HEADING + line('ifb0', 10, 0) + line('wlan0.7', 1, 1) });
    await probe.read();
    const names = probe.sensors().map(({ name }) => name);
    expect(names).toContain('net.ifb0.received');
    expect(names).toContain('net.wlan0_7.sent');
  });

  it('leaves a rate out when a counter was reset', async () => {
    await using kernel = await kernelFolder({ 'proc/net/dev': HEADING + line('eth0', 9_000, 9_000) });
    const probe = new NetworkProbe(kernel);
    await probe.read();
    await kernel.write({ 'proc/net/dev': HEADING + line('eth0', 10, 10) });
    expect((await readingsOf(probe)).has('net.eth0.received')).toBe(false);
  });
});
