import type { BinsPart, BinsQuery } from './bins-query.ts';
import { PageRoom } from './page-room.ts';
import type { SampleSource } from './sample-source.ts';
import { SeriesReading } from './series-reading.ts';

/** Reads one page of bins. */
export async function readBins(source: SampleSource, query: BinsQuery): Promise<BinsPart> {
  const room = new PageRoom(query.mostBytes);
  const beganMs = performance.now();
  const isOver = () => room.isFull || performance.now() - beganMs > query.mostMs;
  const texts: string[] = [];
  const from = query.from ?? { series: 0 };
  const started: SeriesReading[] = [];
  const reading = (place: number) => {
    const position = place === from.series ? from : { series: place };
    return new SeriesReading(source, query, query.series[place]!, position, room);
  };
  /** As many as may fit on the page, going by those that were read: what does not fit would be read in vain. */
  const startAhead = (place: number) => {
    const most = Math.min(source.sensorsAhead ?? 0, query.series.length - place);
    if (most <= 0 || texts.length === 0) return;
    const bytes = (query.mostBytes - room.left) / texts.length;
    const ms = (performance.now() - beganMs) / texts.length;
    const fitting = Math.min(room.left / bytes, (query.mostMs - ms * texts.length) / ms);
    while (started.length < Math.min(most, fitting)) {
      const next = reading(place + started.length);
      next.start();
      started.push(next);
    }
  };
  try {
    for (let place = from.series; place < query.series.length; place++) {
      startAhead(place);
      const { text, next } = await (started.shift() ?? reading(place)).read(isOver);
      texts.push(text);
      if (next !== undefined) return { series: texts, next };
      if (isOver() && place + 1 < query.series.length) return { series: texts, next: { series: place + 1 } };
    }
    return { series: texts, next: undefined };
  } finally {
    for (const waiting of started) waiting.stop();
  }
}
