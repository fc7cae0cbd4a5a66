import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { BusConnection, discoverServices } from '@katbus/bus/nats';
import { parseSample, parseSensorSubject } from '@katbus/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { katbus, KatbusUp } from '../support/katbus-up.ts';
import { startTestNats } from '../support/test-nats.ts';
import { waitFor } from '../support/wait-for.ts';

describe('katbus up', () => {
  let up: KatbusUp;

  beforeAll(async () => {
    up = await KatbusUp.run();
  }, 120_000);

  afterAll(() => up.remove());

  it('shows the samples of this machine to any NATS client', async () => {
    const connection = await BusConnection.connect({ servers: up.natsUrl, name: 'test' });
    try {
      const sensors = new Set<string>();
      connection.subscribe('sensor.>', ({ subject, data }) => {
        const address = parseSensorSubject(subject);
        expect(parseSample(data).name).toBe(`${address?.component}_${address?.sensor}`);
        sensors.add(`${address?.component}.${address?.sensor}`);
      });
      await waitFor(() => sensors.has('host.cpu_load') && sensors.has('host.nats_in_messages'), {
        what: 'samples of the host',
      });
      const names = (await discoverServices(connection)).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['host', 'clock', 'anc', 'array', 'cbf', 'm000', 'm001']));
    } finally {
      await connection.close();
    }
  });

  it('lists the sensors with ls', async () => {
    const { code, stdout } = await katbus('ls', 'cpu|hostname', '--portal', up.portalUrl);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SENSOR +VALUE +UNITS +STATUS +AGE +DESCRIPTION$/m);
    expect(stdout).toMatch(/^host\.cpu_load +[\d.]+ +% +nominal /m);
    expect(stdout).toMatch(/^host\.hostname +\S+ +nominal /m);
    const json = await katbus('ls', '^host_cpu_load$', '--json', '--portal', up.portalUrl);
    expect(JSON.parse(json.stdout)).toMatchObject({
      component: 'host',
      sensor: 'cpu_load',
      attributes: { units: '%' },
    });
  });

  it('prints live samples and the time with sub, and ends when it has printed enough', async () => {
    const { code, stdout } = await katbus(
      'sub',
      'host.cpu_load',
      'portal.time',
      '--count',
      '5',
      '--portal',
      up.portalUrl,
    );
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(5);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}host\.cpu_load +[\d.]+ %/m);
    expect(stdout).toMatch(/^portal\.time {2}\{"time":/m);
  });

  it('has a telescope to watch', async () => {
    const { code, stdout } = await katbus('ls', '^(anc|m00[01])_', '--portal', up.portalUrl);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^anc\.weather_wind_speed +[\d.]+ +m\/s /m);
    expect(stdout).toMatch(/^m001\.ap_mode +(slew|track|stow|stop|maintenance) /m);
  });

  it('follows for a time with sub --duration, as JSON', async () => {
    const { code, stdout } = await katbus(
      'sub',
      'host.>',
      '--json',
      '--duration',
      '2s',
      '--portal',
      up.portalUrl,
    );
    expect(code).toBe(0);
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { subject: string; sample: { value: unknown } });
    expect(entries.length).toBeGreaterThan(20);
    expect(new Set(entries.map(({ subject }) => subject)).size).toBeGreaterThan(20);
  });

  it('prints history as table, CSV, JSON and plot', async () => {
    const history = (...words: string[]) =>
      katbus('history', 'host.cpu_load', '--portal', up.portalUrl, ...words);
    await waitFor(async () => (await history('--format', 'json')).stdout !== '', {
      what: 'an archived sample',
    });
    const table = await history();
    expect(table.stdout).toMatch(
      /^TIME \(UTC\) +STATUS +VALUE\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}nominal +[\d.]+ %$/m,
    );
    const csv = await history('--format', 'csv', '--from', '-5m');
    expect(csv.stdout).toMatch(
      /^time,iso,value_ts,status,value\r\n[\d.]+,\d{4}-.*Z,[\d.]+,nominal,[\d.]+\r\n/,
    );
    const plot = await history('--format', 'plot', '--from', '-1m');
    expect(plot.stdout).toMatch(/^host\.cpu_load \[%\] /);
    expect(plot.stdout).toMatch(/[\u2801-\u28ff]/);
    const bins = await history('--from', '-5m', '--every', '1m');
    expect(bins.stdout).toMatch(
      /^FROM \(UTC\) +SAMPLES +STATUS +MIN +MEAN +MAX\n[\d-]+ \d\d:\d\d:00\.000 +\d+ +nominal/,
    );
    const binned = await history('--from', '-5m', '--bins', '1', '--format', 'json');
    expect(JSON.parse(binned.stdout)).toMatchObject({ bin: 0, nan: 0, status: 'nominal' });
    expect((await history('--from', '-5m', '--bins', '5', '--format', 'csv')).stdout).toMatch(
      /^sensor,bin,start,iso,count,/,
    );
    expect((await history('--from', '-1m', '--bins', '60', '--format', 'plot')).stdout).toContain(
      'least to most',
    );
    const mean = await history('--from', '-5m', '--operator', 'mean', '--every', '1m', '--format', 'csv');
    expect(mean.stdout).toMatch(/^time,iso,value_ts,status,value\r\n\d+,/);
    const unknown = await history('--operator', 'average');
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/there are firstSample, lastSample/),
    ]);
    const none = await katbus('history', 'host.no_such', '--portal', up.portalUrl);
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toMatch(/^katbus: the archive has no sensor host\.no_such.*\n$/);
    const text = await katbus('history', 'host.hostname', '--format', 'plot', '--portal', up.portalUrl);
    expect(text).toMatchObject({ code: 1, stdout: '' });
    expect(text.stderr).toContain('cannot be plotted');
  });

  it('finds everything up with status', async () => {
    const { code, stdout } = await katbus('status', '--portal', up.portalUrl, '--nats', up.natsUrl);
    expect(stdout).not.toContain('wrong');
    for (const part of ['nats-server', 'stream ARCHIVE', 'store', 'clock', 'portal', 'component host']) {
      expect(stdout).toMatch(new RegExp(`^${part} +ok `, 'm'));
    }
    expect(code).toBe(0);
  });

  it('starts again a daemon that dies, and says so', async () => {
    const services = (await up.processes()).find(({ command }) => command.includes(' services '));
    expect(services).toBeDefined();
    process.kill(services?.pid ?? 0, 'SIGKILL');
    await waitFor(
      () => /services +WARN ended \(signal SIGKILL\): starting it again in 0\.5 s/.test(up.output),
      {
        what: 'a line about the end',
      },
    );
    await waitFor(() => /services +is up again/.test(up.output), { what: 'a new start', timeoutMs: 20_000 });
  });

  it('starts nats-server again when it dies, and the samples go on', async () => {
    const server = (await up.processes()).find(({ command }) => command.includes('nats-server --config'));
    expect(server).toBeDefined();
    process.kill(server?.pid ?? 0, 'SIGKILL');
    await waitFor(() => up.output.includes('nats-server is up again'), {
      what: 'a new start',
      timeoutMs: 20_000,
    });
    const { code, stdout } = await katbus(
      'sub',
      'host.cpu_load',
      '--no-snapshot',
      '--count',
      '2',
      '--portal',
      up.portalUrl,
    );
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });

  it('stops everything on SIGTERM, in order, with exit code 0, and leaves no process', async () => {
    // Twice, as npm passes on a signal that its whole group got: that is one wish to stop, not two.
    up.child.kill('SIGTERM');
    up.child.kill('SIGINT');
    expect(await up.exited).toBe(0);
    expect(up.output.trimEnd()).toMatch(/up +stopped$/);
    const stops = [...up.output.matchAll(/^\S+ (\S+) +stopped$/gm)].map(([, name]) => name);
    expect(stops).toEqual(['telescope', 'host', 'portal', 'services', 'store', 'up']);
    expect(up.output).not.toContain('ERROR');
    expect(await up.processes()).toEqual([]);
  });
});

describe('katbus up, when things go wrong,', () => {
  it('leaves no process when it is killed', async () => {
    await using up = await KatbusUp.run();
    expect((await up.processes()).length).toBeGreaterThanOrEqual(6);
    up.child.kill('SIGKILL');
    await up.exited;
    await waitFor(async () => (await up.processes()).length === 0, {
      what: 'no process left',
      timeoutMs: 20_000,
    });
  }, 120_000);

  it('names a port that is in use, before it starts anything', async () => {
    await using taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await using up = await KatbusUp.start({ words: ['--ports-from', '0', '--portal-port', String(port)] });
    expect(await up.exited).toBe(1);
    expect(up.output).toMatch(
      new RegExp(`^katbus: port ${port} \\(the portal; --portal-port\\) is in use .*\\n$`),
    );
  });

  it('uses the nats-server that it is given, and leaves it running', async () => {
    await using nats = await startTestNats();
    await using up = await KatbusUp.run({
      words: ['--ports-from', '0', '--nats', nats.url, '--no-telescope'],
    });
    expect(up.output).not.toContain('telescope');
    const { stdout, code } = await katbus('status', '--portal', up.portalUrl, '--nats', 'nats://127.0.0.1:1');
    expect(stdout).toMatch(/^nats-server +unknown /m);
    expect(stdout).toMatch(/^store +ok +answers the portal$/m);
    expect(code).toBe(0);
    up.child.kill('SIGINT');
    expect(await up.exited).toBe(0);
    const connection = await BusConnection.connect({ servers: nats.url, name: 'test' });
    await connection.close();
  }, 120_000);

  it('ends as a whole when a daemon cannot be kept running, and says why', async () => {
    await using up = await KatbusUp.start({ environment: { KATBUS_SITE_LATITUDE: '91' } });
    expect(await up.exited).toBe(1);
    expect(up.output).toContain('KATBUS_SITE_LATITUDE');
    expect(up.output).toMatch(/services +ERROR cannot be kept running: exit code 2/);
    expect(up.output.trimEnd()).toMatch(/up +stopped$/);
    expect(await up.processes()).toEqual([]);
  }, 120_000);
});
