import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '@katbus/cli/nats-server';
import { findJava, findMaven, javaHome } from './java.ts';

/** What everything is tested with; docker-compose.yml names the same one. */
export const CASSANDRA_VERSION = '5.0.9';

const FETCH_TIMEOUT_MS = 10 * 60_000;

/** A Cassandra that can be started: a Java and a folder of jars. */
export interface CassandraProgram {
  readonly version: string;
  readonly java: string;
  readonly jars: string;
}

/**
 * Java, and Cassandra's jars (some 100, 70 MB) in the cache. Where they are not there, Maven fetches them once from the repositories that it is
 * set up for: unlike Apache's archive, a mirror of Maven Central is found nearly everywhere.
 * @throws {Error} in one line with what is absent or what went wrong
 */
export async function findCassandra(
  onProgress: (line: string) => void = () => undefined,
): Promise<CassandraProgram> {
  const java = await findJava(onProgress);
  const jars = join(cacheFolder(), 'cassandra', CASSANDRA_VERSION);
  if (!existsSync(jars)) {
    const maven = await findMaven(onProgress);
    onProgress(`fetching Cassandra ${CASSANDRA_VERSION} with Maven (70 MB)`);
    await fetchJars(maven, java, jars);
  }
  return { version: CASSANDRA_VERSION, java, jars };
}

/** The agent with which Cassandra measures its memtables: it must be named by file. */
export async function jammAgent(jars: string): Promise<string> {
  const name = (await readdir(jars)).find((file) => /^jamm-.*\.jar$/.test(file));
  if (name === undefined) throw new Error(`no jamm among the jars of ${jars}: remove that folder`);
  return join(jars, name);
}

async function fetchJars(maven: string, java: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), '.making-'));
  try {
    await writeFile(join(folder, 'pom.xml'), pom(CASSANDRA_VERSION));
    const goal = [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(folder, 'jars')}`,
    ];
    const env = { ...process.env, JAVA_HOME: await javaHome(java) };
    await promisify(execFile)(maven, ['--quiet', '--batch-mode', ...goal], {
      cwd: folder,
      env,
      timeout: FETCH_TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
      shell: process.platform === 'win32',
    }).catch((error: unknown) => {
      throw new Error(`Maven could not fetch Cassandra ${CASSANDRA_VERSION}: ${mavenReason(error)}`, {
        cause: error,
      });
    });
    await rename(join(folder, 'jars'), target).catch((error: unknown) => {
      // Another process was first, and its jars serve.
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function mavenReason(error: unknown): string {
  const printed = (error as { stdout?: string }).stdout ?? '';
  const line = printed.split('\n').find((text) => text.startsWith('[ERROR]'));
  return line?.replace('[ERROR] ', '').slice(0, 300) ?? (error as Error).message.split('\n')[0] ?? '';
}

function pom(version: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>cassandra</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
}
