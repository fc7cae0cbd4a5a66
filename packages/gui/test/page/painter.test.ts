import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Painter } from '../../src/page/painter.ts';

const FRAME_MS = 16;

describe('painter', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('requestAnimationFrame', (callback: () => void) => setTimeout(callback, FRAME_MS));
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('paints a part once a frame, however often it changed', () => {
    const paint = vi.fn();
    const changed = new Painter().part(paint);
    for (let n = 0; n < 1_000; n += 1) changed();
    expect(paint).not.toHaveBeenCalled();
    vi.advanceTimersByTime(FRAME_MS);
    expect(paint).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000);
    expect(paint).toHaveBeenCalledTimes(1);
  });

  it('keeps the least interval of a part, and paints its last change', () => {
    const paint = vi.fn();
    const changed = new Painter().part(paint, { leastIntervalMs: 200 });
    for (let ms = 0; ms < 1_000; ms += 10) {
      changed();
      vi.advanceTimersByTime(10);
    }
    expect(paint.mock.calls.length).toBeGreaterThanOrEqual(4);
    expect(paint.mock.calls.length).toBeLessThanOrEqual(6);
    const before = paint.mock.calls.length;
    changed();
    vi.advanceTimersByTime(250);
    expect(paint.mock.calls.length).toBe(before + 1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not hold back a quick part for one that rests', () => {
    const painter = new Painter();
    const slow = painter.part(() => undefined, { leastIntervalMs: 10_000 });
    const paint = vi.fn();
    const quick = painter.part(paint);
    slow();
    vi.advanceTimersByTime(FRAME_MS);
    slow();
    vi.advanceTimersByTime(FRAME_MS);
    quick();
    vi.advanceTimersByTime(FRAME_MS);
    expect(paint).toHaveBeenCalledTimes(1);
  });

  it('paints a part again that changes while it is painted', () => {
    let rest = 3;
    const changed: () => void = new Painter().part(() => {
      if (rest-- > 0) changed();
    });
    changed();
    vi.advanceTimersByTime(1_000);
    expect(rest).toBe(-1);
  });
});
