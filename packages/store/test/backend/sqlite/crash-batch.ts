import { STATUSES } from '@katbus/protocol';
import type { SampleRow } from '../../../src/backend/stored-sample.ts';
import type { WriteBatch } from '../../../src/backend/write-batch.ts';
import { batch, DAY_START_US, sampleRow } from '../rows.ts';

const STREAM_CREATED = '2026-11-22T00:00:00Z';

/**
 * Batch number `sequence` of the crash tests: the same whoever makes it, over two days, with sensors that come up later, some text, and
 * samples that its predecessor had too.
 */
export function crashBatch(sequence: number): WriteBatch {
  return batch({
    samples: [...crashSamples(sequence), ...(sequence > 1 ? crashSamples(sequence - 1).slice(0, 3) : [])],
    quarantine: [],
    attributes: [
      {
        component: 'c',
        sensor: `s${sequence % 40}`,
        fromUs: DAY_START_US + sequence,
        attributes: { name: `c_s${sequence % 40}`, sequence },
      },
    ],
    floor: { sequence, streamCreated: STREAM_CREATED, messageUs: DAY_START_US + sequence },
  });
}

export function crashSamples(sequence: number): SampleRow[] {
  const samples: SampleRow[] = [];
  for (let place = 0; place < 60; place++) {
    const mixed = sequence * 7_919 + place * 104_729;
    samples.push(
      sampleRow({
        component: 'c',
        sensor: `s${(mixed + sequence) % (40 + Math.floor(sequence / 10))}`,
        timeUs: DAY_START_US + (place % 2 === 0 ? 0 : -3_600e6) + sequence * 1_000 + place,
        status: STATUSES[mixed % 7]!,
        value: mixed % 5 === 0 ? `text ${mixed}` : mixed / 3,
      }),
    );
  }
  return samples;
}
