import { setImmediate } from 'node:timers/promises';
import type { SensorAddress } from '@katbus/protocol';
import type { HistoryBlock } from './backend.ts';
import { sampleAt } from './sample-block.ts';
import type { HistoryPiece } from './sample-summary.ts';
import { wireBytes, type StoredSample } from './stored-sample.ts';

/** What a reading thread is asked for when a block of samples is wanted. */
export interface BlockRequest extends BlockBounds {
  readonly address: SensorAddress;
  readonly startUs: number;
  readonly endUs: number;
}

/** Where a block ends. */
export interface BlockBounds {
  readonly mostSamples: number;
  /** About, as JSON; one larger sample makes a block of its own. */
  readonly mostBytes: number;
  /** Hands out what there is after so long, even nothing. */
  readonly mostMs: number;
}

/** Samples read at once where a block of samples is wanted: what bounds the overshoot beyond its bytes. */
const SAMPLES_AT_ONCE = 1_000;

export function samplesAtOnce({ mostSamples }: BlockBounds): number {
  return Math.min(SAMPLES_AT_ONCE, mostSamples);
}

/** A block of samples out of pieces before `endUs`, none of them summed up. Between two pieces others have their turn. */
export async function fillBlock(
  pieces: Iterable<HistoryPiece> | AsyncIterable<HistoryPiece>,
  endUs: number,
  { mostSamples, mostBytes, mostMs }: BlockBounds,
): Promise<HistoryBlock> {
  const deadlineMs = performance.now() + mostMs;
  const samples: StoredSample[] = [];
  let bytes = 0;
  for await (const { block, reachedUs } of pieces) {
    for (let place = 0; place < (block?.length ?? 0); place++) {
      const sample = sampleAt(block!, place);
      bytes += wireBytes(sample);
      const isFull = samples.length >= mostSamples || bytes > mostBytes;
      if (isFull && samples.length > 0) return { samples, nextUs: sample.timeUs };
      samples.push(sample);
    }
    const isOver = samples.length >= mostSamples || performance.now() > deadlineMs;
    if (isOver && reachedUs < endUs) return { samples, nextUs: reachedUs };
    await setImmediate();
  }
  return { samples, nextUs: undefined };
}
