import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/**
 * Ends `child` when this process is gone, however it went: a watching shell reads a pipe of which we hold the other end,
 * and the kernel closes it for us even after SIGKILL. No signal handler is needed, so the program's own ones stay in charge.
 * @returns to be called once the child has exited, before its process number can belong to another
 */
export function dieWithParent(child: ChildProcess): () => void {
  if (child.pid === undefined) return () => undefined;
  if (process.platform === 'win32') {
    const kill = () => child.kill();
    process.once('exit', kill);
    return () => process.off('exit', kill);
  }
  const watcher = spawn('/bin/sh', ['-c', `read -r _; kill -TERM ${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Its own process group: Ctrl-C in the terminal must not end the watcher before us.
    detached: true,
  });
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  // Neither keeps our event loop alive.
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
  return () => watcher.kill('SIGKILL');
}
