import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A program that says to be a nats-server of `version` and does nothing else: a real one of each age cannot be had. */
export function versionScript(version: string): string {
  return `#!/bin/sh\necho "nats-server: v${version}"\n`;
}

export async function writeProgram(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}
