import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Broker } from '@katbus/bus';
import { commands } from '@katbus/bus/commands';
import { BusConnection, BusService } from '@katbus/bus/nats';
import { startTestNats, type TestNats } from '../../../../test/support/test-nats.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../../test/support/temporary-folder.ts';

let nats: TestNats;
let folder: TemporaryFolder;
let broker: Broker;

beforeEach(async () => {
  nats = await startTestNats();
  folder = await temporaryFolder('policy');
  broker = await Broker.connect({ component: 'wx', servers: nats.url, closeTimeoutMs: 10 });
});

afterEach(async () => {
  await broker.close();
  await nats.stop();
  await folder.remove();
});

/** Runs a command as `katbus` does, and gives what it printed. */
async function run(name: string, ...words: string[]): Promise<string> {
  const printed: string[] = [];
  const out = vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  const err = vi.spyOn(console, 'error').mockImplementation((line: string) => void printed.push(line));
  try {
    const command = commands().find((candidate) => candidate.name() === name);
    await command?.exitOverride().parseAsync(words, { from: 'user' });
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
  return printed.join('\n');
}

async function file(text: string): Promise<string> {
  const name = path.join(folder.path, 'policy.yaml');
  await writeFile(name, text);
  return name;
}

describe('katbus policy', () => {
  it('applies a list of rules, says what changes, and shows it', async () => {
    expect(await run('policy', 'show', '--nats', nats.url)).toMatch(/no policies/);
    const first = await file("- match: 'wx.*' # all of it\n  archiveIntervalSeconds: 5\n  comment: wind\n");
    expect(await run('policy', 'apply', first, '--dry-run', '--nats', nats.url)).toMatch(
      /nothing is written/,
    );
    expect(await run('policy', 'show', '--nats', nats.url)).toMatch(/no policies/);
    expect(await run('policy', 'apply', first, '--nats', nats.url)).toMatch(
      /^\+ 1 .*wx.*\n1 rules applied, revision 1$/,
    );
    expect(await run('policy', 'show', '--nats', nats.url)).toMatch(/1 +wx\.\* +5 s .*wind\nrevision 1/);
    expect(await run('policy', 'apply', first, '--nats', nats.url)).toMatch(/nothing changes/);
    const second = await file(
      '[{"match":"ups.*","deadBand":null},{"match":"wx.*","archiveIntervalSeconds":5,"comment":"wind"}]',
    );
    expect(await run('policy', 'apply', second, '--nats', nats.url)).toBe(
      '+ 1 {"match":"ups.*","deadBand":null}\n2 rules applied, revision 2',
    );
    expect(JSON.parse(await run('policy', 'show', '--json', '--nats', nats.url))).toMatchObject({
      revision: 2,
      rules: [{ match: 'ups.*', deadBand: null }, { match: 'wx.*' }],
    });
  });

  it('checks a list: every fault with its rule and field, and nothing is written', async () => {
    const bad = await file('- match: 7\n- match: a.*\n  deadband: 1\n');
    for (const verb of ['check', 'apply']) {
      expect(await run('policy', verb, bad, '--nats', nats.url)).toMatch(
        /^rule 1: match must be a string.*\nrule 2: deadband is no field/,
      );
      expect(process.exitCode).toBe(1);
      process.exitCode = undefined;
    }
    expect(await run('policy', 'check', await file('- a: [}'), '--nats', nats.url)).toMatch(
      /neither YAML nor JSON/,
    );
    process.exitCode = undefined;
    expect(await run('policy', 'show', '--nats', nats.url)).toMatch(/no policies/);
  });

  it('says how many sensors each rule governs, and which rules do nothing', async () => {
    for (const name of ['wind.speed', 'wind.gust', 'rain']) broker.addSensor({ name, type: 'float' });
    const list = await file(
      "- match: 'wx.wind*'\n- match: wx.wind.gust\n- match: 'ups.*'\n- match: 'wx.wind*'\n",
    );
    const text = await run('policy', 'check', list, '--nats', nats.url);
    expect(text).toMatch(/1 +wx\.wind\* +2\n2 +wx\.wind\.gust +0/);
    expect(text).toContain('1 of 3 sensors follow no rule');
    expect(text).toContain('rule 2 never holds: the 1 sensors that it matches follow rule 1 before it');
    expect(text).toContain('rule 3 matches no sensor that is on the bus now');
    expect(text).toContain('rule 4 can never hold: rule 1, wx.wind*');
  });

  it('checks without a bus, and says what it cannot know then', async () => {
    const text = await run('policy', 'check', await file("- match: '*'"), '--nats', 'nats://127.0.0.1:1');
    expect(text).toMatch(
      /1 rules, none with a fault\nwhat the rules do to the sensors is not known: cannot connect/,
    );
  });
});

describe('katbus explain', () => {
  beforeEach(async () => {
    const list = await file("- match: 'wx.wind.*'\n  archiveIntervalSeconds: 100\n  comment: calm\n");
    await run('policy', 'apply', list, '--nats', nats.url);
    await vi.waitFor(() => expect(broker.policies.revision).toBe(1), { timeout: 10_000 });
    const sampling = { normalIntervalSeconds: 50 };
    const wind = broker.addSensor({ name: 'wind.speed', type: 'float', sampling });
    for (const value of [1, 2, 3]) wind.update(value);
    wind.update(3, { status: 'warn' });
    wind.update(3, { status: 'error' });
    wind.update(3, { status: 'failure' });
    wind.update(3, { status: 'warn' });
    wind.update(4, { status: 'warn' });
  });

  it.each(['wx.wind.speed', 'wx.wind_speed', 'wx_wind_speed'])(
    'says of %s which rule holds, whence each setting comes, and what became of the updates',
    async (name) => {
      expect(JSON.parse(await run('explain', name, '--json', '--nats', nats.url))).toMatchObject({
        component: 'wx',
        sensor: 'wind_speed',
        katcpName: 'wx.wind.speed',
        policy: { rule: 1, match: 'wx.wind.*', comment: 'calm' },
        policies: { revision: 1, rules: 1, refused: 0 },
        settings: {
          archiveIntervalSeconds: { value: 100, from: 'policy' },
          normalIntervalSeconds: { value: 50, from: 'code' },
          longestSilenceSeconds: { value: 3600, from: 'default' },
          deadBand: { value: 0, from: 'default' },
        },
        sent: { value: 3, status: 'warn' },
        archived: { value: 3 },
        held: { value: 4, status: 'warn' },
        counts: {
          updates: 8,
          archive: 2,
          normal: 0,
          repeated: 0,
          held: 5,
          unchanged: 1,
          superseded: 2,
          statusStorm: 2,
        },
      });
      expect(await run('explain', name, '--nats', nats.url)).toMatch(
        /policy rule 1 of 1 holds: wx\.wind\.\* \(calm\), revision 1[^]*archive interval +100 s +from policy[^]*held +4 warn +goes out in/,
      );
    },
  );

  it('follows the decisions from then on, each with its reason', async () => {
    const following = run(
      'explain',
      'wx.wind.speed',
      '--follow',
      '--json',
      '--duration',
      '1.5',
      '--nats',
      nats.url,
    );
    const timer = setInterval(() => broker.update('wind.speed', Math.random(), { status: 'warn' }), 100);
    const lines = (await following)
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as { reason: string; number: number });
    clearInterval(timer);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.map(({ number }) => number)).toEqual(lines.map((_, place) => place + 1));
    expect(lines[0]).toMatchObject({
      verdict: 'held',
      reason: 'neither interval has ended since the last one sent',
      update: { status: 'warn' },
    });
  });

  it.each([
    ['wx.rain', 'component wx has no sensor "rain"'],
    ['wx.a b', 'name "a b" is refused'],
    ['ups.charge', 'component ups is not on the bus'],
    ['wx_rain', 'no component on the bus has a sensor "wx_rain"'],
    ['.x', 'write <component>.<sensor>'],
  ])('says of %s why there is no answer', async (name, reason) => {
    await expect(run('explain', name, '--nats', nats.url)).rejects.toThrow(reason);
  });

  it('says that a joined name fits two sensors', async () => {
    const other = await Broker.connect({ component: 'wx_wind', servers: nats.url, closeTimeoutMs: 10 });
    try {
      other.addSensor({ name: 'speed', type: 'float' });
      await expect(run('explain', 'wx_wind_speed', '--nats', nats.url)).rejects.toThrow(
        /"wx_wind_speed" may be .*: write one of these/,
      );
    } finally {
      await other.close();
    }
  });

  it('says of a component that is there and does not answer, or does not explain, that it is so', async () => {
    const connection = await BusConnection.connect({ servers: nats.url, name: 'stuck' });
    try {
      connection.subscribe('rpc.explain.stuck', () => undefined);
      await BusService.start(connection, { name: 'plain', version: '1.0.0', endpoints: [] });
      await expect(run('explain', 'stuck.x', '--nats', nats.url)).rejects.toThrow(
        'component stuck did not answer within 2 s',
      );
      await expect(run('explain', 'plain.x', '--nats', nats.url)).rejects.toThrow(
        'component plain is on the bus, but it does not explain its sensors',
      );
    } finally {
      await connection.close();
    }
  });
});
