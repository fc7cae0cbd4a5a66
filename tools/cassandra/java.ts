import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { filesOnPath } from '../requirements/program.ts';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** Cassandra 5.0 runs on 11 and 17, and no newer one: the flags of `java-flags.ts` are those of 17. */
export const JAVA_MAJOR = 17;

/** Where systems keep several Javas side by side. */
export const JAVA_FOLDERS: readonly string[] = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines'];

/**
 * A Java {@link JAVA_MAJOR}: that of JAVA_HOME, of PATH, or of the folders where systems keep them; as root with apt-get it is installed.
 * @returns the path of its `java`
 * @throws {Error} in one line with what was found instead
 */
export async function findJava(
  onProgress: (line: string) => void = () => undefined,
  folders = JAVA_FOLDERS,
): Promise<string> {
  const look = await suitableJava(folders);
  if ('path' in look) return look.path;
  const reason = `Cassandra needs Java ${JAVA_MAJOR}: ${look.found.join(', ') || 'there is no Java on PATH'}`;
  await aptInstall(`openjdk-${JAVA_MAJOR}-jre-headless`, reason, onProgress);
  const installed = await suitableJava(folders);
  if ('path' in installed) return installed.path;
  throw new Error(`${reason}, also after apt-get`);
}

/**
 * Maven, which fetches the jars: of PATH; as root with apt-get it is installed.
 * @throws {Error} in one line
 */
export async function findMaven(onProgress: (line: string) => void = () => undefined): Promise<string> {
  const names = process.platform === 'win32' ? ['mvn.cmd'] : ['mvn'];
  const [path] = filesOnPath(names);
  if (path !== undefined) return path;
  const reason = "fetching Cassandra's jars needs Maven: there is no mvn on PATH";
  await aptInstall('maven', reason, onProgress);
  const [installed] = filesOnPath(names);
  if (installed === undefined) throw new Error(`${reason}, also after apt-get`);
  return installed;
}

/** What JAVA_HOME has to be for a program that starts this `java`. */
export async function javaHome(java: string): Promise<string> {
  return dirname(dirname(await realpath(java)));
}

async function suitableJava(
  folders: readonly string[],
): Promise<{ path: string } | { found: readonly string[] }> {
  const found: string[] = [];
  for (const path of javaPaths(folders)) {
    const version = await javaVersion(path);
    if (version?.split('.')[0] === String(JAVA_MAJOR)) return { path };
    found.push(version === undefined ? `${path} does not run` : `${path} is ${version}`);
  }
  return { found };
}

function javaPaths(folders: readonly string[]): readonly string[] {
  const binary = process.platform === 'win32' ? 'java.exe' : 'java';
  const ofHome = (home: string) => join(home, 'bin', binary);
  const homes = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((home) => home.includes(String(JAVA_MAJOR)))
    .flatMap((home) => [home, join(home, 'Contents/Home')]);
  const named = process.env.JAVA_HOME ? [ofHome(process.env.JAVA_HOME)] : [];
  const paths = [...named, ...filesOnPath([binary]), ...homes.map(ofHome)];
  return [...new Set(paths)].filter((path) => existsSync(path));
}

async function javaVersion(path: string): Promise<string | undefined> {
  // It prints to stderr, and `openjdk version "17.0.15" 2025-04-15` is the first line, unless JAVA_TOOL_OPTIONS is set.
  const { stderr, stdout } = await run(path, ['-version'], { timeout: 60_000 }).catch(() => ({
    stderr: '',
    stdout: '',
  }));
  return /version "([^"]+)"/.exec(stderr + stdout)?.[1];
}

async function aptInstall(
  packageName: string,
  reason: string,
  onProgress: (line: string) => void,
): Promise<void> {
  if (process.getuid?.() !== 0 || filesOnPath(['apt-get']).length === 0) throw new Error(reason);
  onProgress(`fetching ${packageName} with apt-get`);
  const options = { timeout: INSTALL_TIMEOUT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '--yes', '--no-install-recommends', packageName], options);
  } catch (error) {
    throw new Error(`${reason}, and apt-get could not install ${packageName}`, { cause: error });
  }
}
