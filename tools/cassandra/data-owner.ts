import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// Two nodes on one folder destroy it, and Cassandra itself looks at ports only.

/** Says whose the folder is from now on. */
export async function ownData(home: string, pid: number): Promise<void> {
  await writeFile(join(home, 'cassandra.pid'), `${pid}\n`);
}

/** The process number of the node that runs on the folder; undefined when none does. */
export async function dataOwner(home: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(join(home, 'cassandra.pid'), 'utf8').catch(() => ''));
  if (!(pid > 0) || !isAlive(pid)) return undefined;
  if (process.platform !== 'linux') return pid;
  // The number of a node that was killed may be anyone's by now.
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes(`cassandra.storagedir=${home}/data`) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
