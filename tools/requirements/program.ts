import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Requirement } from './requirement.ts';

/** Every file on PATH with one of the names, in the order of PATH. */
export function filesOnPath(names: readonly string[]): readonly string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const endings = process.platform === 'win32' ? ['.exe'] : [''];
  return folders
    .flatMap((folder) => names.flatMap((name) => endings.map((ending) => join(folder, name + ending))))
    .filter((path) => existsSync(path));
}

/** A program of the system that is only looked for: a user has it, or knows how to get it. */
export function program(name: string): Requirement {
  return {
    name,
    find: () => {
      const [path] = filesOnPath([name]);
      if (path === undefined) return Promise.resolve({ state: 'missing', reason: `no ${name} on PATH` });
      return Promise.resolve({ state: 'found', what: path });
    },
  };
}
