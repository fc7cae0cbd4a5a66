import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plainEnvironment, runningProcesses } from '../support/katbus-up.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const ROOT = join(import.meta.dirname, '../..');

it('npm start brings everything up, and a SIGTERM to npm stops all of it', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder('npm-start');
  const npm = spawn('npm', ['start', '--', '--ports-from', '0', '--data', folder.path], {
    cwd: ROOT,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(npm, 'exit');
  const ours = async () => (await runningProcesses()).filter(({ command }) => command.includes(folder.path));
  try {
    await waitFor(() => output.includes('Katbus is up'), { what: 'npm start to be up', timeoutMs: 60_000 });
    const url = /open (http:\/\/\S+)/.exec(output)?.[1] ?? '';
    expect(await (await fetch(url)).text()).toContain('<title>');
    npm.kill('SIGTERM');
    await exited;
    await waitFor(async () => (await ours()).length === 0, {
      what: 'no process to be left',
      timeoutMs: 20_000,
    });
    expect(output).not.toContain('ERROR');
  } finally {
    for (const { pid } of await ours()) process.kill(pid, 'SIGKILL');
  }
});
