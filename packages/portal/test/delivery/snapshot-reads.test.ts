import { describe, expect, test } from 'vitest';
import { SnapshotMemory, type Snapshot } from '../../src/delivery/snapshot.ts';
import { Publication } from '../../src/delivery/publication.ts';
import { SnapshotReads } from '../../src/delivery/snapshot-reads.ts';

/** Reads that end when the test says so. */
function setUp(mostAtOnce = 2, memory = new SnapshotMemory(10_000)) {
  const begun: { patterns: readonly string[]; end: (error?: Error) => void }[] = [];
  const source = {
    fill: (snapshot: Snapshot, patterns: readonly string[]) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      begun.push({ patterns, end: (error) => (error === undefined ? resolve() : reject(error)) });
      snapshot.add(new Publication('sample', 'sensor.archive.wx.a', 'wx.a', '{}', begun.length));
      return promise;
    },
  };
  return { begun, memory, reads: new SnapshotReads(source, memory, mostAtOnce) };
}

describe('reads of snapshots', () => {
  test('of the same patterns are shared by all who come before they begin', async () => {
    const { begun, memory, reads } = setUp();
    const first = reads.read(['sensor.>']);
    const second = reads.read(['sensor.>', 'sensor.>']);
    const third = reads.read(['sensor.>']);
    expect(begun).toHaveLength(1);
    begun[0]?.end();
    const snapshot = await first;
    expect(begun).toHaveLength(2);
    begun[1]?.end();
    expect(await second).toBe(await third);
    expect(await second).not.toBe(snapshot);
    const bytes = memory.bytes;
    (await second).release();
    expect(memory.bytes).toBe(bytes);
    (await third).release();
    snapshot.release();
    expect(memory.bytes).toBe(0);
  });

  test('of other patterns run beside each other, as many as may', async () => {
    const { begun, reads } = setUp(2);
    const all = ['a', 'b', 'c'].map((token) => reads.read([`sensor.${token}`]));
    expect(begun.map(({ patterns }) => patterns)).toEqual([['sensor.a'], ['sensor.b']]);
    begun[1]?.end();
    await all[1];
    expect(begun).toHaveLength(3);
    begun[0]?.end();
    begun[2]?.end();
    await Promise.all(all);
  });

  test('that fail give back their memory, and let the next one run', async () => {
    const { begun, memory, reads } = setUp(1);
    const failing = reads.read(['sensor.a']);
    const next = reads.read(['sensor.b']);
    begun[0]?.end(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    begun[1]?.end();
    (await next).release();
    expect(memory.bytes).toBe(0);
  });
});
