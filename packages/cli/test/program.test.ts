import { execFile } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/command-table.ts';

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;
/** Nobody listens on port 1 of a machine that runs tests. */
const NOBODY = 'ws://127.0.0.1:1/ws';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function katbus(...words: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...words],
      { env: { PATH: process.env.PATH } },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe('the katbus command', () => {
  it('lists every command with --help, and what the exit codes mean', async () => {
    const { code, stdout } = await katbus('--help');
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS)
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    expect(stdout).toContain('Exit codes: 0 done');
  });

  it.each(COMMANDS.map(({ name }) => name))('%s has a help of its own', async (name) => {
    const { code, stdout } = await katbus(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: katbus ${name}`);
  });

  it('says its version', async () => {
    expect(await katbus('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it.each([
    [['lss'], 'Did you mean ls?'],
    [['ls', '--wrong'], "unknown option '--wrong'"],
    [['ls', '--portal', '127.0.0.1:8090'], 'ws://127.0.0.1:8090/ws'],
    [['sub'], "missing required argument 'patterns'"],
    [['sub', 'host.x', '--count', '0'], 'at least 1'],
    [['sub', 'host.x', '--duration', 'long'], '15m'],
    [['history', 'host.x', '--from', 'yesterday'], 'ISO 8601'],
    [['history', 'host.x', '--format', 'xml'], 'table, csv, json, plot'],
    [['up', '--portal-port', '70000'], '0 to 65535'],
    [['up', '--receptors', '201'], '1 to 200 receptors'],
    [['telescope', '--receptors', '1.5'], 'a whole number'],
    [['telescope', '--sensors', '200001'], '1 to 200000 sensors'],
    [['telescope', '--rate', '0'], '0.01 to 10 Hz'],
    [['telescope', '--faults', '-1'], '0 to 1000 times'],
    [['telescope', '--site-latitude', '91'], '-90 to 90 degrees'],
  ])('refuses %j with exit code 2 and says what is wrong', async (words, text) => {
    const { code, stdout, stderr } = await katbus(...words);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });

  it.each([
    ['ls', '--portal', NOBODY],
    ['sub', 'host.x', '--portal', NOBODY],
    ['history', 'host.x', '--portal', NOBODY],
  ])('%s without a portal fails with one line that says what to do', async (...words) => {
    const { code, stdout, stderr } = await katbus(...words);
    expect(stderr).toBe(
      `katbus: no portal answers at ${NOBODY}: is "katbus up" running? Another address is given with --portal\n`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('tells with exit code 1 what is not up', async () => {
    const { code, stdout } = await katbus(
      'status',
      '--json',
      '--portal',
      NOBODY,
      '--nats',
      'nats://127.0.0.1:1',
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      checks: [
        { part: 'nats-server', state: 'wrong' },
        { part: 'portal', state: 'wrong' },
      ],
    });
  });

  it('ends although nats-server takes the connection and says nothing', async () => {
    await using silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const sockets: { destroy(): unknown }[] = [];
    silent.on('connection', (socket) => sockets.push(socket));
    const { port } = silent.address() as AddressInfo;
    const { code, stdout } = await katbus('status', '--portal', NOBODY, '--nats', `nats://127.0.0.1:${port}`);
    expect(stdout).toMatch(/^nats-server +wrong +cannot connect .*timeout/m);
    expect(code).toBe(1);
    for (const socket of sockets) socket.destroy();
  }, 15_000);

  it.skipIf(!existsSync('/dev/full'))('says in one line that its output cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    const errors: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
    const [code] = (await once(child, 'close')) as [number];
    expect(Buffer.concat(errors).toString()).toMatch(/^katbus: the output cannot be written: ENOSPC.*\n$/);
    expect(code).toBe(1);
  });

  it('is no failure when the reader of its output has gone', async () => {
    const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const [code] = (await once(child, 'close')) as [number];
    expect(Buffer.concat(errors).toString()).toBe('');
    expect(code).toBe(0);
  });
});
