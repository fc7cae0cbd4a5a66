import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSession } from '../../src/backend/cassandra/session/open-session.ts';
import { freshKeyspace, sharedCassandra, TestCassandra } from '../../../../test/support/cassandra.ts';
import { katbus, plainEnvironment } from '../../../../test/support/katbus-up.ts';
import { requires } from '../../../../test/support/requires.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';

const describeWithCassandra = await requires('cassandra');
const KATBUS = join(import.meta.dirname, '../../../cli/src/main.ts');
const PATIENCE_MS = 120_000;

/** `katbus sizing --quick`, until it has measured something. */
async function begun(...words: string[]) {
  const child = spawn(process.execPath, [KATBUS, 'sizing', '--quick', ...words], { env: plainEnvironment() });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const sizing = { child, ended, output: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (sizing.output += chunk.toString()));
  await waitFor(() => sizing.output.includes('[1/'), { what: sizing.output, timeoutMs: PATIENCE_MS });
  return sizing;
}

async function keyspacesOf(contactPoint: string, beginning: string): Promise<string[]> {
  const session = await openSession({ contactPoints: [contactPoint], keyspace: 'system' });
  const rows = await session.execute('SELECT keyspace_name FROM system_schema.keyspaces');
  await session.close();
  return rows.map((row) => String(row.keyspace_name)).filter((name) => name.startsWith(beginning));
}

test('katbus sizing names what is wrong before it measures anything', { timeout: 120_000 }, async () => {
  const refused = async (...words: string[]) => {
    const { code, stderr } = await katbus('sizing', ...words);
    expect(code).toBe(2);
    return stderr;
  };
  expect(await refused('--data', '5-2')).toContain('It is two numbers from 1 to 1000: 1-100.');
  expect(await refused('--points', 'many')).toContain('--points');
  expect(await refused('--svg', '/nowhere/at/all.svg')).toContain('It cannot be written: ');
  expect(await refused('--json', '/tmp')).toContain('It cannot be written: /tmp is no file.');
  expect(await refused('--slow')).toContain("unknown option '--slow'");
  const away = await katbus('sizing', '--cassandra', '127.0.0.1:1', '--cassandra-timeout', '2');
  expect(away).toMatchObject({ code: 1, stdout: '' });
  expect(away.stderr).toMatch(/^katbus: .*127\.0\.0\.1:1.*\n$/);
  expect(await katbus('sizing', '--keyspace', 'Ours; DROP')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^katbus: keyspace: "Ours; DROP/) as string,
  });
});

describeWithCassandra('katbus sizing', () => {
  test('that is interrupted leaves nothing behind', { timeout: 240_000 }, async () => {
    const contactPoint = await sharedCassandra();
    const { name } = freshKeyspace(contactPoint);
    const sizing = await begun('--cassandra', contactPoint, '--keyspace', name);
    expect(await keyspacesOf(contactPoint, name)).toHaveLength(1);
    sizing.child.kill('SIGINT');
    await sizing.ended;
    expect(sizing.child.exitCode).toBe(1);
    expect(sizing.output).toContain('katbus: stopped by SIGINT: nothing is left behind\n');
    expect(await keyspacesOf(contactPoint, name)).toEqual([]);
  });

  test('whose node goes away says so, and what it could not drop', { timeout: 300_000 }, async () => {
    await using cassandra = await TestCassandra.start();
    const [contactPoint = ''] = cassandra.contactPoints;
    const sizing = await begun('--cassandra', contactPoint, '--cassandra-timeout', '2', '--keyspace', 'ours');
    await cassandra.node.kill();
    await sizing.ended;
    expect(sizing.child.exitCode).toBe(1);
    const last = sizing.output.trimEnd().split('\n').at(-1);
    const left =
      /^katbus: .+; keyspace (ours_sizing_\w{6}) may be left: cqlsh -e 'DROP KEYSPACE IF EXISTS (ours_sizing_\w{6})'$/;
    expect(last).toMatch(left);
    await cassandra.node.start();
    expect(await keyspacesOf(contactPoint, 'ours')).toEqual([left.exec(last!)?.[1]]);
  });
});
