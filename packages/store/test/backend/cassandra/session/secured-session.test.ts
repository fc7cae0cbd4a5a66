import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCassandra } from '../../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../../test/support/requires.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../../../../test/support/temporary-folder.ts';
import { waitFor } from '../../../../../../test/support/wait-for.ts';
import { findJava } from '../../../../../../tools/cassandra/java.ts';
import { openSession } from '../../../../src/backend/cassandra/session/open-session.ts';
import { StoreError } from '../../../../src/errors.ts';

const describeWithCassandra = await requires('cassandra');
const PASSWORD = 'changeit';

describeWithCassandra('a session with a node that demands TLS and a password', () => {
  let folder: TemporaryFolder;
  let cassandra: TestCassandra;
  let ca: string;

  beforeAll(async () => {
    folder = await temporaryFolder('tls');
    const keystore = join(folder.path, 'node.p12');
    const certificate = join(folder.path, 'node.pem');
    // Java's own, so that no other tool is needed.
    const java = await findJava();
    const keytool = java.replace(/java([^/\\]*)$/u, 'keytool$1');
    const store = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', PASSWORD, '-alias', 'node'];
    const run = promisify(execFile);
    await run(keytool, [
      ...['-genkeypair', ...store, '-keyalg', 'EC', '-dname', 'CN=node'],
      ...['-ext', 'san=dns:node.example', '-validity', '2'],
    ]);
    await run(keytool, ['-exportcert', ...store, '-rfc', '-file', certificate]);
    ca = await readFile(certificate, 'utf8');
    cassandra = await TestCassandra.start({
      settings: {
        authenticator: 'PasswordAuthenticator',
        authorizer: 'CassandraAuthorizer',
        client_encryption_options: {
          enabled: true,
          // So that the test's own tools, which speak no TLS, see when it is up.
          optional: true,
          keystore,
          keystore_password: PASSWORD,
        },
      },
    });
  }, 180_000);
  afterAll(async () => {
    await cassandra.stop();
    await folder.remove();
  });

  async function codeOf(asking: Promise<unknown>): Promise<string> {
    const error: unknown = await asking.catch((reason: unknown) => reason);
    return error instanceof StoreError ? error.code : 'nothing went wrong';
  }

  test('needs the right certificate, the right name and the right password', async () => {
    const { contactPoints } = cassandra;
    const admin = { username: 'cassandra', password: 'cassandra' };
    const tls = { ca, serverName: 'node.example' };
    const keyspace = 'secured';
    // The first user is made some time after CQL answers.
    const session = await waitFor(() => openSession({ contactPoints, keyspace, ...admin, tls }), {
      what: 'the first user',
      timeoutMs: 60_000,
    });
    expect(await session.execute('SELECT key FROM system.local')).toEqual([{ key: 'local' }]);

    expect(await codeOf(openSession({ contactPoints, keyspace, ...admin, tls: {} }))).toBe('UNAUTHORIZED');
    // The certificate is for a name, and the node was asked for by its address.
    expect(await codeOf(openSession({ contactPoints, keyspace, ...admin, tls: { ca } }))).toBe(
      'UNAUTHORIZED',
    );
    expect(await codeOf(openSession({ contactPoints, keyspace, tls }))).toBe('UNAUTHORIZED');
    const wrong = { ...admin, password: 'wrong' };
    expect(await codeOf(openSession({ contactPoints, keyspace, ...wrong, tls }))).toBe('UNAUTHORIZED');

    await session.execute('CREATE TABLE things (p bigint PRIMARY KEY)');
    await session.execute("CREATE ROLE reader WITH PASSWORD = 'r' AND LOGIN = true");
    await session.execute('GRANT SELECT ON KEYSPACE secured TO reader');
    const reader = await openSession({ contactPoints, keyspace, username: 'reader', password: 'r', tls });
    expect(await reader.execute('SELECT p FROM things')).toEqual([]);
    expect(await codeOf(reader.batch('INSERT INTO things (p) VALUES (?)', [[1]], 1))).toBe('UNAUTHORIZED');
    await reader.close();
    await session.close();
  }, 180_000);
});
