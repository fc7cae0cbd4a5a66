import { createLogger } from '@katbus/bus/daemon';
import { BusConnection, callService, discoverServices, setupStreams } from '@katbus/bus/nats';
import { CLOCK_NOW_SUBJECT, SUBJECTS, type TimeMessage } from '@katbus/protocol';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { startTestNats } from '../../../test/support/test-nats.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { ClockService } from '../src/clock/clock-service.ts';
import { MEERKAT } from '../src/clock/site.ts';
import { startServicesDaemon } from '../src/services-daemon.ts';

const context = () => ({
  logger: createLogger({ name: 'services', level: 'error', format: 'json' }),
  registry: new Registry(),
  starting: () => undefined,
});

describe('the services daemon', () => {
  it('publishes portal.time on the second, and tells the time as the micro service clock', async () => {
    await using nats = await startTestNats();
    const connection = await BusConnection.connect({ servers: nats.url, name: 'test' });
    await setupStreams(connection, {});
    const messages: TimeMessage[] = [];
    connection.subscribe(SUBJECTS.time, ({ data }) => {
      messages.push(JSON.parse(Buffer.from(data).toString()) as TimeMessage);
    });
    await connection.flush();
    const daemon = await startServicesDaemon(
      nats.url,
      [new ClockService({ site: MEERKAT, dut1Seconds: 0.05 })],
      context(),
    );
    try {
      await waitFor(() => messages.length >= 2, { what: 'two messages on portal.time' });
      const [first, second] = messages as [TimeMessage, TimeMessage];
      // On the second, but for what a busy machine adds; a sidereal second is a little shorter than one of the clock.
      expect(first.time % 1).toBeLessThan(0.5);
      expect(Math.round(second.time - first.time)).toBe(1);
      expect((second.lst - first.lst) * 3600).toBeCloseTo((second.time - first.time) * 1.0027379, 4);
      expect(first).toMatchObject({ dut1Seconds: 0.05, site: MEERKAT });
      expect(await discoverServices(connection, { name: 'clock' })).toHaveLength(1);
      const answer = (await callService(connection, CLOCK_NOW_SUBJECT)) as TimeMessage;
      expect(answer.time).toBeGreaterThanOrEqual(second.time);
      expect(answer.mjd).toBeCloseTo(answer.time / 86_400 + 40_587, 9);
      expect(daemon.readiness()).toBeUndefined();
    } finally {
      await daemon.stop();
    }
    expect(await discoverServices(connection, { name: 'clock' })).toEqual([]);
    await connection.close();
  });
});
