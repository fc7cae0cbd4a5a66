import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { cqlAnswers, runCql } from '../../tools/cassandra/cql-line.ts';
import { findCassandra } from '../../tools/cassandra/jars.ts';
import { findJava } from '../../tools/cassandra/java.ts';
import { checkPort } from '../../tools/cassandra/listen.ts';
import { freePorts } from '../../tools/free-ports.ts';
import { freshKeyspace, sharedCassandra, TestCassandra } from '../support/cassandra.ts';
import { requires } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const COMMAND = resolve(import.meta.dirname, '../../tools/cassandra.ts');

afterEach(() => vi.unstubAllEnvs());

test('a machine without Java 17 is told so in one line, with what it has instead', async () => {
  await using folder = await temporaryFolder('java');
  const java = join(folder.path, 'java');
  vi.stubEnv('JAVA_HOME', '');
  vi.stubEnv('PATH', folder.path);
  await expect(findJava(undefined, [folder.path])).rejects.toThrow(
    /^Cassandra needs Java 17: there is no Java on PATH$/,
  );
  await writeFile(java, `#!/bin/sh\necho 'openjdk version "25.0.1" 2025-10-21' >&2\n`, { mode: 0o755 });
  await expect(findJava(undefined, [folder.path])).rejects.toThrow(
    `Cassandra needs Java 17: ${java} is 25.0.1`,
  );
});

test('a port in use and an address that the machine lacks are named', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  await expect(checkPort('127.0.0.1', port, 'port')).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `port ${port} of 127.0.0.1 is in use`,
  });
  // An address for documentation (RFC 5737), which nobody has.
  await expect(checkPort('192.0.2.1', 9042, 'port')).rejects.toMatchObject({ code: 'ADDRESS_MISSING' });
});

test.each([
  [['--port', 'cql'], '--port cql: not a whole number from 1 to 65535'],
  [['--nodes', '10'], '--nodes 10: not a whole number from 1 to 9'],
  [['--heap', 'much'], '--heap much: not a size like 512M or 2G'],
])('npm run cassandra refuses %j in one line', async (words, said) => {
  expect(await commandOutcome(words)).toEqual({ code: 1, output: `${said}\n` });
});

const describeWithCassandra = await requires('cassandra');

describeWithCassandra('Cassandra for tests', () => {
  test('a machine with Java but without Maven, and with no jars yet, is told so', async () => {
    await using cache = await temporaryFolder('cache');
    vi.stubEnv('JAVA_HOME', join(await findJava(), '../..'));
    vi.stubEnv('PATH', '');
    vi.stubEnv('KATBUS_CACHE', cache.path);
    await expect(findCassandra()).rejects.toThrow('needs Maven: there is no mvn on PATH');
  });

  test('all tests of a run share one node, each in a keyspace of its own that goes at its end', async () => {
    const contactPoint = await sharedCassandra();
    expect(await sharedCassandra()).toBe(contactPoint);
    const [host = '', port = ''] = contactPoint.split(':');
    const address = { host, port: Number(port) };
    const make = (name: string) =>
      `CREATE KEYSPACE ${name} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`;
    const { name } = await (async () => {
      await using keyspace = freshKeyspace(contactPoint);
      const { name } = keyspace;
      await runCql(address, [make(name), `CREATE TABLE ${name}.a (b int PRIMARY KEY)`]);
      await expect(runCql(address, [make(name)])).rejects.toThrow(name);
      return keyspace;
    })();
    await expect(runCql(address, [`SELECT b FROM ${name}.a`])).rejects.toThrow('does not exist');
  }, 300_000);

  describe('a node of its own', () => {
    test('keeps its data when it is killed, says nothing while it is frozen, and goes back to an image of its data', async () => {
      await using cassandra = await TestCassandra.start({ heap: '512M' });
      const { node } = cassandra;
      await cassandra.cql(
        "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        'CREATE TABLE k.before (id int PRIMARY KEY)',
      );
      const image = await cassandra.image();
      await cassandra.cql('CREATE TABLE k.after (id int PRIMARY KEY)');
      await node.pause();
      expect(await cqlAnswers(node.address, 300)).toBe(false);
      node.resume();
      await waitFor(() => cqlAnswers(node.address), { what: 'it answers again' });
      await expect(node.start()).rejects.toThrow('runs already');
      await node.kill();
      expect(await cqlAnswers(node.address, 300)).toBe(false);
      await node.start();
      await cassandra.cql('SELECT id FROM k.after');
      await node.stop();
      await cassandra.putBack(image);
      await node.start();
      await cassandra.cql('SELECT id FROM k.before');
      await expect(cassandra.cql('SELECT id FROM k.after')).rejects.toThrow('does not exist');
    }, 300_000);

    test('npm run cassandra says where CQL answers, guards its folder, and ends with Ctrl-C', async () => {
      await using folder = await temporaryFolder('cassandra');
      const [port, storagePort, otherPort, otherStoragePort] = await freePorts('127.0.0.1', 4);
      const words = (first: unknown, second: unknown) => [
        ...['--port', String(first), '--storage-port', String(second)],
        ...['--heap', '512M', '--data', folder.path],
      ];
      const child = spawn(process.execPath, [COMMAND, ...words(port, storagePort)]);
      onTestFinished(() => void child.kill('SIGKILL'));
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await waitFor(() => output.includes('Ctrl-C stops it'), { what: 'it is up', timeoutMs: 200_000 });
      expect(output).toContain(`answers on 127.0.0.1:${port}, data center datacenter1`);
      expect(await cqlAnswers({ host: '127.0.0.1', port: port ?? 0 })).toBe(true);
      const second = await commandOutcome(words(otherPort, otherStoragePort));
      expect(second).toMatchObject({
        code: 1,
        output: expect.stringContaining('is in use by the node') as string,
      });
      child.kill('SIGINT');
      const [code] = (await once(child, 'exit')) as [number | null];
      expect({ code, isThere: await cqlAnswers({ host: '127.0.0.1', port: port ?? 0 }, 300) }).toEqual({
        code: 0,
        isThere: false,
      });
    }, 300_000);
  });
});

async function commandOutcome(words: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [COMMAND, ...words]);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
