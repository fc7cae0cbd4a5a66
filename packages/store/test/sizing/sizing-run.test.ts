import { beforeAll, expect, test } from 'vitest';
import { freshKeyspace, sharedCassandra } from '../../../../test/support/cassandra.ts';
import { requires } from '../../../../test/support/requires.ts';
import { openSession } from '../../src/backend/cassandra/session/open-session.ts';
import type { SizingPlan } from '../../src/sizing/sizing-options.ts';
import { sizingPlot } from '../../src/sizing/sizing-plot.ts';
import { sizingLines } from '../../src/sizing/sizing-report.ts';
import { runSizing } from '../../src/sizing/sizing-run.ts';

const describeWithCassandra = await requires('cassandra');

/** Everything once, as short as it says anything. */
const PLAN: SizingPlan = {
  writers: [1, 4],
  partitionsPerBatch: [1, 10],
  rowsPerPartition: [1, 1_000],
  data: { least: 1, most: 10 },
  cellMs: 300,
  mixedMs: 300,
  layoutMs: 600,
  withinMs: Infinity,
  backlogSamples: 20_000,
  points: 4_000,
};

describeWithCassandra('sizing', () => {
  let contactPoint: string;
  beforeAll(async () => {
    contactPoint = await sharedCassandra();
  }, 120_000);

  test('measures the grid, reading, both layouts, and leaves nothing behind', async () => {
    const { name: keyspace } = freshKeyspace(contactPoint);
    const told: string[] = [];
    const result = await runSizing({ contactPoints: [contactPoint], keyspace }, PLAN, (done, all, what) => {
      told.push(`${done}/${all}`);
      expect(what).not.toBe('');
    });
    expect(told.at(-1)).toBe(`${told.length}/${told.length}`);
    expect(result.nodes).toBe(1);
    expect(result.grid).toHaveLength(8);
    for (const { outcome, partitionsPerBatch, rowsPerPartition } of result.grid) {
      // Batches over several partitions have 50 KiB at most.
      const isTooLarge = partitionsPerBatch === 10 && rowsPerPartition === 1_000;
      expect(outcome.type).toBe(isTooLarge ? 'refused' : 'measured');
      if (outcome.type === 'measured') expect(outcome.load.perSecond).toBeGreaterThan(0);
    }
    expect(result.best).toBeDefined();
    expect(result.read.perSecond).toBeGreaterThan(0);
    expect(result.layouts.map(({ layout }) => layout)).toEqual([
      'rows',
      'rows',
      'chunks',
      'chunks',
      'chunks',
    ]);
    for (const { read, sealed, written } of result.layouts) {
      expect(written.perSecond).toBeGreaterThan(0);
      if (read !== undefined) expect(read.perSecond).toBeGreaterThan(0);
      if (sealed !== undefined) expect(sealed.samples).toBeGreaterThan(0);
    }
    const text = sizingLines(result).join('\n');
    for (const layout of ['rows', 'chunks']) {
      for (const rate of [1, 3, 5])
        expect(text).toMatch(new RegExp(`^${layout} +${rate} Hz +[\\d,]+ +\\d+$`, 'mu'));
    }
    expect(text).toContain('refused');
    const measured = result.grid.filter(({ outcome }) => outcome.type === 'measured');
    expect(sizingPlot(result.grid, PLAN).match(/class="box"/gu)).toHaveLength(measured.length);

    const session = await openSession({ contactPoints: [contactPoint], keyspace: 'system' });
    const keyspaces = await session.execute('SELECT keyspace_name FROM system_schema.keyspaces');
    await session.close();
    expect(keyspaces.filter(({ keyspace_name: name }) => String(name).startsWith(keyspace))).toEqual([]);
  }, 180_000);
});
