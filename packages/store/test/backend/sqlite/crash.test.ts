import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '@katbus/protocol';
import { SqliteBackend } from '../../../src/backend/sqlite/sqlite-backend.ts';
import type { SampleRow } from '../../../src/backend/stored-sample.ts';
import { temporaryFolder } from '../../../../../test/support/temporary-folder.ts';
import { waitFor } from '../../../../../test/support/wait-for.ts';
import { everything, readAll, withoutAddress } from '../rows.ts';
import { crashSamples } from './crash-batch.ts';

const KILLS = 8;
const KILLS_WHILE_CLOSING = 4;
const COPIES = 8;

/** Batches that a process may have written while its last lines were on their way. */
const MOST_UNSAID = 50;

/** A process that writes without end; `committed` is the last batch whose write it has seen resolve. */
class CrashWriter {
  committed = 0;
  /** Days that were closed, where the process closes days. */
  closings = 0;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #output = '';
  #faults = '';

  constructor(directory: string, file = './crash-writer.ts') {
    const script = new URL(file, import.meta.url).pathname;
    this.#child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#faults += chunk.toString()));
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
      const lines = this.#output.split('\n');
      this.#output = lines.pop() ?? '';
      const words = lines.at(-1)?.split(' ') ?? [];
      this.committed = Number(words.at(-1) ?? this.committed);
      this.closings = Number(words.at(-2) ?? this.closings);
    });
  }

  async until(committed: number): Promise<void> {
    await waitFor(() => this.committed >= committed, {
      what: `batch ${committed} is written (${this.#faults})`,
      timeoutMs: 20_000,
      intervalMs: 2,
    });
  }

  /** Frozen between two instructions: what is on disk now is what a power failure would leave, but for unsynced blocks. */
  async freeze(): Promise<void> {
    this.#child.kill('SIGSTOP');
    const state = () => execFileSync('ps', ['-o', 'stat=', '-p', String(this.#child.pid)]).toString();
    await waitFor(() => state().startsWith('T'), { what: 'the writer is stopped', intervalMs: 1 });
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}

describe('SQLite files after a crash', () => {
  test('hold every batch whose write had resolved, and at most the next one beside, after each of some kill -9; the floor promises what is there', async () => {
    await using folder = await temporaryFolder('crash');
    let committed = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = new CrashWriter(folder.path);
      await writer.until(committed + 3);
      await delay(Math.random() * 100);
      await writer.kill();
      committed = await expectWholeBatches(folder.path, writer.committed);
    }
  }, 120_000);

  test('hold the same after each of some kill -9 while their days are closed', async () => {
    await using folder = await temporaryFolder('crash');
    let committed = 0;
    for (let kill = 0; kill < KILLS_WHILE_CLOSING; kill++) {
      const writer = new CrashWriter(folder.path, './crash-closer.ts');
      await writer.until(committed + 3);
      // Then the next closing is under way, whatever it is at.
      await waitFor(() => writer.closings > 0, { what: 'a day is closed', timeoutMs: 20_000 });
      await delay(Math.random() * 300);
      await writer.kill();
      committed = await expectWholeBatches(folder.path, writer.committed);
    }
  }, 120_000);

  test('open as a prefix of what was written when they were copied at any moment, with their logs', async () => {
    await using folder = await temporaryFolder('crash');
    const directory = join(folder.path, 'live');
    await mkdir(directory);
    const writer = new CrashWriter(directory);
    try {
      for (let copy = 0; copy < COPIES; copy++) {
        await writer.until(writer.committed + 3);
        await delay(Math.random() * 100);
        await writer.freeze();
        const committed = writer.committed;
        const copied = join(folder.path, `copy-${copy}`);
        await cp(directory, copied, { recursive: true, filter: (name) => !name.endsWith('-shm') });
        await expectWholeBatches(copied, committed);
        writer.thaw();
      }
    } finally {
      await writer.kill();
    }
  }, 120_000);
});

/**
 * @param committed the last batch whose write is known to have resolved: all up to it must be there, and of later ones at most some that
 * were under way. The floor may be up to a second behind them, and promises nothing that is not there.
 * @returns the last batch that is there
 */
async function expectWholeBatches(directory: string, committed: number): Promise<number> {
  const backend = await SqliteBackend.open({ directory });
  try {
    const floor = (await backend.floor())?.sequence ?? 0;
    const through = Math.max(floor, committed);
    const expected = new Map<string, SampleRow[]>();
    for (let sequence = 1; sequence <= through; sequence++) {
      for (const sample of crashSamples(sequence)) {
        const address = formatAddress(sample);
        expected.set(address, [...(expected.get(address) ?? []), sample]);
      }
    }
    // What was written after the last word of the process.
    const maybe = new Set<number>();
    for (let sequence = through + 1; sequence <= through + MOST_UNSAID; sequence++) {
      for (const { timeUs } of crashSamples(sequence)) maybe.add(timeUs);
    }
    for (const samples of expected.values()) {
      const { component, sensor } = samples[0]!;
      const found = await readAll(backend, { component, sensor, ...everything });
      const certain = found.filter(({ timeUs }) => !maybe.has(timeUs));
      expect(certain).toEqual(samples.toSorted((a, b) => a.timeUs - b.timeUs).map(withoutAddress));
    }
    return through;
  } finally {
    await backend.close();
    await expectIntegrity(directory);
  }
}

async function expectIntegrity(directory: string): Promise<void> {
  const days = (await readdir(join(directory, 'days'))).filter((name) => name.endsWith('.db'));
  for (const path of ['catalogue.db', ...days.map((name) => join('days', name))]) {
    const database = new DatabaseSync(join(directory, path));
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  }
}
