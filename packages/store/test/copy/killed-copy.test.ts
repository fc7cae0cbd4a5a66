import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { SqliteBackend } from '../../src/backend/sqlite/sqlite-backend.ts';
import { freshKeyspace, sharedCassandra, TestCassandra } from '../../../../test/support/cassandra.ts';
import { plainEnvironment } from '../../../../test/support/katbus-up.ts';
import { requires } from '../../../../test/support/requires.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { batch, DAY_START_US, quarantineRow, sampleRow } from '../backend/rows.ts';
import { anyArchive, contentOf } from './copy-fixture.ts';

const describeWithCassandra = await requires('cassandra');

const KATBUS = join(import.meta.dirname, '../../../cli/src/main.ts');
const MANY = 60_000;
const SENSORS = 40;
/** Of each copy, if it lasts so long. */
const KILLS = 2;
const PATIENCE_MS = 120_000;

/** `katbus copy` as a process, to be killed. */
class CopyProcess {
  readonly #child: ReturnType<typeof spawn>;
  readonly ended: Promise<unknown>;
  output = '';

  constructor(words: readonly string[]) {
    this.#child = spawn(process.execPath, [KATBUS, 'copy', ...words, '--progress-seconds', '1'], {
      env: plainEnvironment(),
    });
    this.ended = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    onTestFinished(() => this.kill());
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @returns its exit code; null: it was killed */
  async end(): Promise<number | null> {
    await this.ended;
    return this.#child.exitCode;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

describeWithCassandra('katbus copy', () => {
  let folder: TemporaryFolder;
  let state: string;

  beforeEach(async () => {
    folder = await temporaryFolder('killed-copy');
    state = join(folder.path, 'state.json');
  });
  afterEach(() => folder.remove());

  async function inFiles<Result>(name: string, act: (backend: SqliteBackend) => Promise<Result>) {
    const backend = await SqliteBackend.open({ directory: join(folder.path, name) });
    try {
      return await act(backend);
    } finally {
      await backend.close();
    }
  }

  /** All kinds of values, and so many samples that a copy takes its time. */
  async function filled(name: string): Promise<object> {
    const many = Array.from({ length: MANY }, (_, place) =>
      sampleRow({
        component: 'many',
        sensor: `s_${place % SENSORS}`,
        timeUs: DAY_START_US - 2 * 86_400e6 + place * 2e6,
        value: place / 7,
      }),
    );
    return inFiles(name, async (backend) => {
      const attributes = [5, 10].map((fromUs) => ({
        ...{ component: 'wx', sensor: 's_0', fromUs },
        attributes: { name: 'wx_s_0', units: `${fromUs} m/s` },
      }));
      const quarantine = [quarantineRow(1), quarantineRow(2, 5_000)];
      await backend.write(batch({ samples: [...anyArchive(), ...many], attributes, quarantine }));
      return contentOf(backend);
    });
  }

  /** How far a copy has come: another text whenever it has come further. */
  const placeOf = () => (existsSync(state) ? readFileSync(state, 'utf8') : '');

  const hasComeFurther = (copy: CopyProcess, before: string) =>
    waitFor(() => !copy.isRunning || placeOf() !== before, {
      what: `a copy that has come further: ${copy.output}`,
      timeoutMs: PATIENCE_MS,
    });

  /** Kills a copy whenever it has come further, then lets it end. @returns how often it was killed */
  async function copyWithKills(words: readonly string[]): Promise<number> {
    let kills = 0;
    for (; kills < KILLS; kills++) {
      const copy = new CopyProcess(words);
      await hasComeFurther(copy, placeOf());
      if (!copy.isRunning) break;
      await copy.kill();
    }
    const last = new CopyProcess(words);
    expect([await last.end(), last.output]).toEqual([0, expect.stringContaining(': all are there')]);
    return kills;
  }

  test(
    'that is killed again and again has all in the end: out of files, rows, chunks, CTA\u2019s table, and into files',
    { timeout: 900_000 },
    async () => {
      const contactPoint = await sharedCassandra();
      await using rows = freshKeyspace(contactPoint);
      await using chunks = freshKeyspace(contactPoint);
      await using mon = freshKeyspace(contactPoint);
      const expected = await filled('source');
      const keyspace = ({ name }: { readonly name: string }) => `cassandra://${contactPoint}/${name}`;
      const steps = [
        [`sqlite:${folder.path}/source`, keyspace(rows), 'rows'],
        [keyspace(rows), keyspace(chunks), 'chunks'],
        [keyspace(chunks), keyspace(mon), 'mon'],
        [keyspace(mon), `sqlite:${folder.path}/back`, 'chunks'],
      ] as const;
      let kills = 0;
      for (const [from, to, layout] of steps) {
        const words = ['--from', from, '--to', to, '--layout', layout];
        kills += await copyWithKills([...words, '--state', state, '--safe-after', '0']);
        expect(existsSync(state)).toBe(false);
      }
      expect(kills).toBeGreaterThan(2);
      expect(await inFiles('back', contentOf)).toEqual(expected);
    },
  );

  test(
    'waits for a node that was killed, as target and as source, and has all in the end',
    { timeout: 900_000 },
    async () => {
      const expected = await filled('source');
      await using cassandra = await TestCassandra.start();
      const [contactPoint = ''] = cassandra.contactPoints;
      const throughKill = async (from: string, to: string) => {
        const words = ['--from', from, '--to', to, '--state', state, '--cassandra-timeout', '2'];
        const copy = new CopyProcess([...words, '--safe-after', '1']);
        await hasComeFurther(copy, placeOf());
        expect([copy.isRunning, copy.output]).toEqual([true, expect.any(String)]);
        await cassandra.node.kill();
        await waitFor(() => copy.output.includes('trying again: '), {
          what: `a copy that tries again: ${copy.output}`,
          timeoutMs: PATIENCE_MS,
        });
        await cassandra.node.start();
        expect([await copy.end(), copy.output]).toEqual([0, expect.stringContaining(': all are there')]);
      };
      const keyspace = `cassandra://${contactPoint}/archive`;
      await throughKill(`sqlite:${folder.path}/source`, keyspace);
      await throughKill(keyspace, `sqlite:${folder.path}/back`);
      expect(await inFiles('back', contentOf)).toEqual(expected);
    },
  );

  test(
    'refuses one archive under two names, and leaves no keyspace behind where there is none',
    { timeout: 180_000 },
    async () => {
      const contactPoint = await sharedCassandra();
      await using keyspace = freshKeyspace(contactPoint);
      const outcome = async (from: string, to: string) => {
        const copy = new CopyProcess([
          '--from',
          from,
          '--to',
          to,
          '--cassandra',
          contactPoint,
          '--state',
          state,
        ]);
        return [await copy.end(), copy.output];
      };
      const name = `cassandra:${keyspace.name}`;
      const other = `cassandra://${contactPoint}/${keyspace.name}`;
      const nothing = [1, `katbus: keyspace ${keyspace.name} holds no archive\n`];
      expect(await outcome(name, `sqlite:${folder.path}/back`)).toEqual(nothing);
      // Looking for it has not made it.
      expect(await outcome(name, `sqlite:${folder.path}/back`)).toEqual(nothing);
      await filled('source');
      const [code] = await outcome(`sqlite:${folder.path}/source`, name);
      expect(code).toBe(0);
      const same = [1, 'katbus: --from and --to are the same archive\n'];
      expect(await outcome(name, other)).toEqual(same);
      const files = `sqlite:${folder.path}/source`;
      expect(
        await outcome(files, `sqlite:${folder.path}/../${folder.path.split('/').at(-1)}/source`),
      ).toEqual(same);
    },
  );
});
