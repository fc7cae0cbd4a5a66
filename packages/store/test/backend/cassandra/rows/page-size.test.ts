import { describe, expect, test } from 'vitest';
import { PageSizes } from '../../../../src/backend/cassandra/rows/page-size.ts';
import { blockOf } from '../../../../src/backend/sample-block.ts';
import type { StoredValue } from '../../../../src/backend/stored-sample.ts';

function blockWith(length: number, value: StoredValue) {
  return blockOf(
    Array.from({ length }, (_, timeUs) => ({ timeUs, valueTimeUs: timeUs, status: 'nominal', value })),
  );
}

function sizeOf(mostBytes: number) {
  return new PageSizes(mostBytes, 10).of(1);
}

describe('the size of pages', () => {
  test('is small at first, and the largest as soon as values turn out to be short', () => {
    const size = sizeOf(1e6);
    expect(size.rows(5_000)).toBe(100);
    size.learn(blockWith(100, 1.5));
    expect(size.rows(5_000)).toBe(5_000);
  });

  test('follows values that are long, down to one row', () => {
    const size = sizeOf(1e6);
    size.learn(blockWith(10, 'x'.repeat(39_960)));
    expect(size.rows(5_000)).toBe(25);
    size.learn(blockWith(1, 'x'.repeat(2_000_000)));
    expect(size.rows(5_000)).toBe(1);
    size.learn(blockWith(1, 'short'));
    expect(size.rows(5_000)).toBe(5_000);
  });

  test('is never above what is wanted, and learns nothing from nothing', () => {
    const size = sizeOf(1e6);
    expect(size.rows(60)).toBe(60);
    size.learn(blockWith(60, 'x'.repeat(10_000)));
    expect(size.rows(60)).toBe(60);
    size.learn(blockWith(0, 1));
    expect(size.rows(5_000)).toBe(99);
  });

  test('is remembered for the sensors that were read last', () => {
    const sizes = new PageSizes(1e6, 2);
    sizes.of(1).learn(blockWith(100, 1.5));
    sizes.of(2).learn(blockWith(100, 1.5));
    expect(sizes.of(1).rows(5_000)).toBe(5_000);
    sizes.of(3);
    expect(sizes.of(1).rows(5_000)).toBe(5_000);
    expect(sizes.of(2).rows(5_000)).toBe(100);
  });
});
