import { blockOf } from '../sample-block.ts';
import type { HistoryPiece } from '../sample-summary.ts';
import type { StoredSample } from '../stored-sample.ts';
import type { SampleSeries } from './sample-series.ts';

const ROWS_AT_ONCE = 10_000;

/** The samples of a series with startUs <= time < endUs by columns. */
export function* memoryPieces(
  series: SampleSeries | undefined,
  startUs: number,
  endUs: number,
  rowsAtOnce = ROWS_AT_ONCE,
): Generator<HistoryPiece, void, void> {
  let fromUs = startUs;
  while (series !== undefined) {
    const samples: StoredSample[] = [];
    // Looked up each time: meanwhile others may have come, or the oldest gone.
    let place = series.placeOf(fromUs);
    let next = series.at(place);
    for (
      ;
      next !== undefined && next.timeUs < endUs && samples.length < rowsAtOnce;
      next = series.at(++place)
    ) {
      samples.push(next);
    }
    if (next === undefined || next.timeUs >= endUs) {
      yield { block: blockOf(samples), reachedUs: endUs };
      return;
    }
    yield { block: blockOf(samples), reachedUs: next.timeUs };
    fromUs = next.timeUs;
  }
}
