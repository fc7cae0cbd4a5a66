import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is used of a `.cpuprofile` of V8. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface TimeShare {
  /** `packages/store`, `cassandra-driver`, `(garbage collector)` ... */
  readonly part: string;
  /** Of the time in which the thread did anything. */
  readonly percent: number;
}

/** Where a process spent its main thread's time, by package, most first; what it waited is left out. */
export async function timeShares(profileFolder: string): Promise<TimeShare[]> {
  const profile = await mainProfile(profileFolder);
  const parts = new Map(profile.nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]));
  const microseconds = new Map<string, number>();
  for (const [place, id] of profile.samples.entries()) {
    const part = parts.get(id) ?? '(unknown)';
    if (part === '(idle)' || part === '(program)' || part === '(root)') continue;
    microseconds.set(part, (microseconds.get(part) ?? 0) + profile.timeDeltas[place]!);
  }
  const all = [...microseconds.values()].reduce((sum, us) => sum + us, 0);
  return [...microseconds]
    .map(([part, us]) => ({ part, percent: (us / all) * 100 }))
    .sort((a, b) => b.percent - a.percent);
}

/** Node writes one file a thread: `CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile`; the main thread is 0. */
async function mainProfile(folder: string): Promise<Profile> {
  const names = await readdir(folder);
  const main = names.find((name) => /\.0\.\d+\.cpuprofile$/.test(name));
  if (main === undefined) throw new Error(`no profile of a main thread in ${folder}`);
  return JSON.parse(await readFile(join(folder, main), 'utf8')) as Profile;
}

function partOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName;
  const dependency = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (dependency !== undefined) return dependency;
  const own = /(packages\/[^/]+\/src\/[^/]+(?:\/cassandra\/[^/]+)?)/.exec(url)?.[1];
  return own ?? (url.startsWith('node:') ? 'node' : url);
}
