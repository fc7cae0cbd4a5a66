import { describe, expect, test } from 'vitest';
import { PageSize } from '../../../../src/backend/cassandra/rows/page-size.ts';
import { blockOf } from '../../../../src/backend/sample-block.ts';
import type { StoredValue } from '../../../../src/backend/stored-sample.ts';

function blockWith(length: number, value: StoredValue) {
  return blockOf(
    Array.from({ length }, (_, timeUs) => ({ timeUs, valueTimeUs: timeUs, status: 'nominal', value })),
  );
}

describe('the size of pages', () => {
  test('is small at first, and the largest as soon as values turn out to be short', () => {
    const size = new PageSize(5_000, 1e6);
    expect(size.rows).toBe(100);
    size.learn(blockWith(100, 1.5));
    expect(size.rows).toBe(5_000);
  });

  test('follows values that are long, down to one row', () => {
    const size = new PageSize(5_000, 1e6);
    size.learn(blockWith(10, 'x'.repeat(39_960)));
    expect(size.rows).toBe(25);
    size.learn(blockWith(1, 'x'.repeat(2_000_000)));
    expect(size.rows).toBe(1);
    size.learn(blockWith(1, 'short'));
    expect(size.rows).toBe(5_000);
  });

  test('is never above what is wanted, and does not change for nothing', () => {
    const size = new PageSize(60, 1e6);
    expect(size.rows).toBe(60);
    size.learn(blockWith(60, 'x'.repeat(20_000)));
    expect(size.rows).toBe(60);
    size.learn(blockWith(0, 1));
    expect(size.rows).toBe(60);
  });
});
