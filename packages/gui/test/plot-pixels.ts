import type { Page } from 'playwright-core';

/** Where the plot's canvas is painted in the colour of the curve, in device pixels. */
export interface CurvePixels {
  readonly pixels: number;
  /** Rows with at least one such pixel: a flat curve has few, a step many. */
  readonly rows: number;
  /** The columns at both ends; -1 when there is no curve. */
  readonly left: number;
  readonly right: number;
  readonly width: number;
}

/** Reads the pixels themselves, so that a curve that is only believed to be drawn does not count. */
export function curvePixels(page: Page): Promise<CurvePixels> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-testid="plot"] canvas');
    if (canvas === null) return { pixels: 0, rows: 0, left: -1, right: -1, width: 0 };
    const { width, height } = canvas;
    // A copy: reading the page's own canvas would change how the browser draws it.
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const hex = getComputedStyle(document.documentElement).getPropertyValue('--curve').trim();
    const curve = [1, 3, 5].map((place) => Number.parseInt(hex.slice(place, place + 2), 16));
    let pixels = 0;
    const rows = new Set<number>();
    let left = width;
    let right = -1;
    for (let place = 0; place < data.length; place += 4) {
      const isCurve =
        data[place + 3]! > 200 &&
        curve.every((part, channel) => Math.abs(data[place + channel]! - part) < 24);
      if (!isCurve) continue;
      pixels += 1;
      const column = (place / 4) % width;
      rows.add(Math.floor(place / 4 / width));
      left = Math.min(left, column);
      right = Math.max(right, column);
    }
    return { pixels, rows: rows.size, left: pixels === 0 ? -1 : left, right, width };
  });
}
