import { BusConnection, discoverServices, setupStreams } from '@katbus/bus/nats';
import { createLogger } from '@katbus/bus/daemon';
import { parseSample, parseSensorSubject, SUBJECTS, type ListingChunk, type Sample } from '@katbus/protocol';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { startTestNats } from '../../../../test/support/test-nats.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { startHostDaemon } from '../../src/host/host-daemon.ts';

const context = () => ({
  logger: createLogger({ name: 'host', level: 'error', format: 'json' }),
  registry: new Registry(),
  starting: () => undefined,
});

describe('the host component', () => {
  it('publishes the sensors of this machine and of nats-server, which any NATS client sees', async () => {
    await using nats = await startTestNats();
    const connection = await BusConnection.connect({ servers: nats.url, name: 'test' });
    await setupStreams(connection, {});
    const samples = new Map<string, Sample>();
    connection.subscribe(SUBJECTS.everySample, ({ subject, data }) => {
      samples.set(parseSensorSubject(subject)?.sensor ?? subject, parseSample(data));
    });
    await connection.flush();
    const daemonContext = context();
    const daemon = await startHostDaemon(
      {
        nats: nats.url,
        component: 'test_pc',
        intervalSeconds: 0.2,
        natsMonitoringUrl: new URL(nats.monitoringUrl),
      },
      daemonContext,
    );
    try {
      // The first look has no rates yet: these come with the second.
      const wanted = [
        'cpu_load',
        'memory_used',
        'hostname',
        'boot_time',
        'nats_in_messages',
        'nats_stream_ARCHIVE_bytes',
      ];
      await waitFor(() => wanted.every((sensor) => samples.has(sensor)), {
        what: `samples of ${wanted.join(', ')}`,
      });
      expect(samples.get('memory_used')).toMatchObject({ name: 'test_pc_memory_used', status: 'nominal' });
      expect(samples.get('nats_version')?.value).toMatch(/^2\./);
      expect(daemon.readiness()).toBeUndefined();
      const metrics = await daemonContext.registry.metrics();
      expect(metrics).toMatch(/katbus_host_updates_total\{verdict="archive"\} [1-9]/);
      expect(metrics).toMatch(/katbus_host_samples_total\{rate="archive",outcome="acknowledged"\} [1-9]/);
      const services = await discoverServices(connection, { name: 'test_pc' });
      expect(services).toHaveLength(1);
      const chunks: ListingChunk[] = [];
      await connection.requestMany('rpc.sensors.test_pc', '{"filter":"^test_pc_memory_used$"}', {
        totalMs: 2_000,
        onMessage: ({ data }) => chunks.push(JSON.parse(Buffer.from(data).toString()) as ListingChunk),
        isLast: () => chunks.at(-1)?.last === true,
      });
      expect(chunks.flatMap(({ sensors }) => sensors)).toEqual([
        expect.objectContaining({
          sensor: 'memory_used',
          attributes: expect.objectContaining({
            type: 'integer',
            units: 'B',
            katcp_name: 'test_pc.memory.used',
          }) as object,
        }),
      ]);
    } finally {
      await daemon.stop();
      await connection.close();
    }
  });

  it("shows nats-server's sensors as unreachable while its monitoring does not answer, and reads on after", async () => {
    await using nats = await startTestNats();
    const watched = await startTestNats();
    const connection = await BusConnection.connect({ servers: nats.url, name: 'test' });
    await setupStreams(connection, {});
    const connections: Sample[] = [];
    connection.subscribe('sensor.*.host.nats_connections', ({ data }) => connections.push(parseSample(data)));
    await connection.flush();
    const daemon = await startHostDaemon(
      {
        nats: nats.url,
        component: 'host',
        intervalSeconds: 0.2,
        natsMonitoringUrl: new URL(watched.monitoringUrl),
      },
      context(),
    );
    try {
      await waitFor(() => connections.at(-1)?.status === 'nominal', { what: 'a nominal value' });
      expect(typeof connections.at(-1)?.value).toBe('number');
      await watched.kill();
      await waitFor(() => connections.at(-1)?.status === 'unreachable', {
        what: 'unreachable while it is gone',
      });
      expect(connections.at(-1)?.value).toBeNull();
      const monitoringPort = Number(new URL(watched.monitoringUrl).port);
      await using again = await startTestNats({ port: watched.port, monitoringPort });
      expect(again.monitoringUrl).toBe(watched.monitoringUrl);
      await waitFor(() => connections.at(-1)?.status === 'nominal', { what: 'a nominal value again' });
    } finally {
      await daemon.stop();
      await connection.close();
    }
  });

  it('ends with a clear line when another process takes its name over', async () => {
    await using nats = await startTestNats();
    const connection = await BusConnection.connect({ servers: nats.url, name: 'test' });
    await setupStreams(connection, {});
    await connection.close();
    const options = {
      nats: nats.url,
      component: 'pc',
      intervalSeconds: 0.1,
      natsMonitoringUrl: new URL(nats.monitoringUrl),
    };
    const first = await startHostDaemon(options, context());
    await expect(startHostDaemon(options, context())).rejects.toThrow(/^component pc is on the bus already/);
    const second = await startHostDaemon({ ...options, takeover: true }, context());
    await expect(first.ended).rejects.toThrow(
      new RegExp(`^component pc was taken over by process ${process.pid} on .* since 20`),
    );
    await first.stop();
    expect(second.readiness()).toBeUndefined();
    await second.stop();
  });
});
