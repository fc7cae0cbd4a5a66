import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The server writes its process number here. Two servers on one store would destroy it, and neither checks by itself. */
export function pidFile(storeDirectory: string): string {
  return join(storeDirectory, 'nats-server.pid');
}

/** The process number of the nats-server that runs on this store; undefined when none does. */
export async function storeOwner(storeDirectory: string): Promise<number | undefined> {
  const text = await readFile(pidFile(storeDirectory), 'utf8').catch(() => '');
  const pid = Number.parseInt(text);
  if (!(pid > 0)) return undefined;
  // A file left by a killed server names a process that may be anyone's by now: only the name of the program tells.
  return (await programName(pid)).includes('nats-server') ? pid : undefined;
}

async function programName(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  if (process.platform === 'win32') return '';
  const ps = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'comm=']).catch(() => ({
    stdout: '',
  }));
  return ps.stdout;
}
