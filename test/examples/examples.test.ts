import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findPython } from '../../tools/requirements/index.ts';
import { filesOnPath } from '../../tools/requirements/program.ts';
import { commandsOf, parseMarkdown } from '../support/documents.ts';
import { KatbusUp, plainEnvironment } from '../support/katbus-up.ts';
import { requires } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');
const describeWithPython = await requires('python');

// Each starts a program after another, which takes its time where tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

let up: KatbusUp;
beforeAll(async () => {
  up = await KatbusUp.run();
}, 120_000);
afterAll(() => up.stop());

function environment(): Record<string, string | undefined> {
  return {
    ...plainEnvironment(),
    KATBUS_NATS: up.natsUrl,
    KATBUS_PORTAL: up.portalUrl,
    KATBUS_PORTAL_WS: `${up.portalUrl.replace('http', 'ws')}/ws`,
    NATS_URL: up.natsUrl,
    PYTHONUNBUFFERED: '1',
  };
}

async function run(file: string, ...words: string[]): Promise<string> {
  const options = { cwd: ROOT, env: environment(), timeout: 60_000 };
  return (await promisify(execFile)(file, words, options)).stdout;
}

/** A program that runs until it is told to stop, while `meanwhile` does its work. @returns its exit code */
async function during(file: string, words: string[], meanwhile: () => Promise<void>): Promise<number> {
  const child = spawn(file, words, { cwd: ROOT, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await waitFor(() => printed.includes('is on the bus') || child.exitCode !== null, {
      what: 'the component',
    });
    await meanwhile();
  } finally {
    child.kill('SIGINT');
  }
  const [code] = (await exited) as [number];
  return code;
}

const csvOf = (sensor: string) =>
  run(process.execPath, 'packages/cli/src/main.ts', 'history', sensor, '--from', '-5m', '--format', 'csv');

describe('examples/typescript', () => {
  it('publishes two sensors, which the client watches and whose history it reads', async () => {
    const code = await during(process.execPath, [join(EXAMPLES, 'typescript/component.ts')], async () => {
      await waitFor(() => csvOf('desk.memory.free'), { what: 'an archived sample' });
      const printed = await run(process.execPath, join(EXAMPLES, 'typescript/client.ts'));
      const lines = printed.trim().split('\n');
      expect(lines).toHaveLength(11);
      for (const line of lines.slice(0, 10))
        expect(line).toMatch(/^\d{4}-.*Z desk_(memory_free|load) [\d.]+ (nominal|warn)$/);
      expect(Number(/^(\d+) samples/.exec(lines[10] ?? '')?.[1])).toBeGreaterThan(0);
    });
    expect(code).toBe(0);
  });
});

describeWithPython('examples/python', () => {
  it('publishes two sensors that Katbus lists, archives and describes, and watches them', async () => {
    const python = await findPython();
    const code = await during(python, [join(EXAMPLES, 'python/component.py')], async () => {
      await waitFor(() => csvOf('pydesk.memory.free'), { what: 'an archived sample' });
      const listed = await run(process.execPath, 'packages/cli/src/main.ts', 'ls', 'pydesk', '--json');
      expect(listed).toContain('Memory that nobody uses');
      const printed = await run(python, join(EXAMPLES, 'python/watch.py'), 'pydesk', '3');
      expect(printed).toMatch(/^pydesk\.memory\.free = \d+ B$/m);
      expect(printed.match(/^sensor\.(archive|normal)\.pydesk\.\w+ [\d.]+ (nominal|warn)$/gm)).toHaveLength(
        3,
      );
      for (const sensor of ['load', 'memory_free']) {
        const count = new RegExp(`^${sensor}: (\\d+) samples`, 'm').exec(printed)?.[1];
        expect(Number(count), sensor).toBeGreaterThan(0);
      }
      await expect(run(python, join(EXAMPLES, 'python/watch.py'), 'nobody', '1')).rejects.toThrow();
    });
    expect(code).toBe(0);
  });
});

describe('examples/nats-cli', () => {
  let bin: TemporaryFolder;
  beforeAll(async () => {
    bin = await temporaryFolder('bin');
    if (filesOnPath(['nats']).length > 0) return;
    const standIn = join(bin.path, 'nats');
    const program = join(import.meta.dirname, 'nats-stand-in.ts');
    await writeFile(standIn, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    await chmod(standIn, 0o755);
  });
  afterAll(() => bin.remove());

  it('shows commands that give what they say, from first to last', async () => {
    const { blocks } = parseMarkdown(await readFile(join(EXAMPLES, 'nats-cli/README.md'), 'utf8'));
    const commands = blocks.filter(({ tag }) => tag === 'sh nats').flatMap(({ text }) => commandsOf(text));
    expect(commands.length).toBeGreaterThan(8);
    const env = { ...environment(), PATH: [bin.path, process.env.PATH ?? ''].join(delimiter) };
    for (const command of commands) {
      const shell = async () =>
        (await promisify(execFile)('/bin/sh', ['-euc', command], { env, timeout: 30_000 })).stdout;
      const printed = await shell();
      if (command.startsWith('nats pub')) continue;
      expect(printed.trim(), command).not.toBe('');
      if (!command.startsWith('nats sub')) expect(printed, command).not.toContain('"error"');
    }
    await waitFor(async () => (await csvOf('bench.temperature')).includes(',21.5'), {
      what: 'the sample in the archive',
    });
  }, 60_000);
});
