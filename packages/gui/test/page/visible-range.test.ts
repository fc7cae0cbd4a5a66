import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scrollToShow, visibleRange } from '../../src/page/visible-range.ts';

describe('visible range', () => {
  it('covers all that is seen and not much more, wherever the list is scrolled', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100, max: 200_000 }),
        fc.nat(2_000),
        fc.nat(5_000),
        (scrollPx, heightPx, rows) => {
          const { first, end } = visibleRange(scrollPx, heightPx, 30, rows);
          expect(first).toBeGreaterThanOrEqual(0);
          expect(end).toBeLessThanOrEqual(rows);
          expect(end - first).toBeLessThanOrEqual(heightPx / 30 + 15);
          for (const row of [
            0,
            1,
            17,
            rows - 1,
            Math.floor(scrollPx / 30),
            Math.floor((scrollPx + heightPx) / 30),
          ]) {
            const isSeen =
              row >= 0 && row < rows && (row + 1) * 30 > scrollPx && row * 30 < scrollPx + heightPx;
            if (isSeen) expect(row >= first && row < end).toBe(true);
          }
        },
      ),
    );
  });

  it('scrolls just as far as is needed to show a row', () => {
    expect(scrollToShow(10, 250, 300, 30)).toBe(250);
    expect(scrollToShow(2, 250, 300, 30)).toBe(60);
    expect(scrollToShow(30, 250, 300, 30)).toBe(630);
  });
});
