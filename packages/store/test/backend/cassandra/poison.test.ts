import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SampleRow } from '../../../src/backend/stored-sample.ts';
import { requires } from '../../../../../test/support/requires.ts';
import { writerOn } from '../../archiver/writer-on.ts';
import { batch, DAY_START_US, everything, readAll, sampleRow } from '../rows.ts';
import { WIND } from '../../store-fixture.ts';
import { LAYOUTS } from './kill-matrix.ts';
import { TruncatedKeyspace } from './truncated-keyspace.ts';

const describeWithCassandra = await requires('cassandra');

const FLOOR = { sequence: 9, streamCreated: '2026-11-22T00:00:00Z', messageUs: DAY_START_US };
/** Half of a segment of the commit log is the most that a node takes at once: 16 MiB, unless somebody asked for more. */
const TOO_LONG = 'x'.repeat(17 * 1024 ** 2);
const TIMEOUT_MS = 180_000;

describeWithCassandra('a sample that a node will never take', () => {
  describe.each(LAYOUTS)('layout %s', (layout) => {
    let keyspace: TruncatedKeyspace;
    beforeAll(async () => {
      keyspace = await TruncatedKeyspace.make(layout);
    }, TIMEOUT_MS);
    afterAll(() => keyspace[Symbol.asyncDispose]());

    test(
      'goes to quarantine, by halves; all others of its batch are stored, with the floor',
      async () => {
        const archive = await keyspace.open({ quarantineBytes: 1e8 });
        const { backend } = archive;
        try {
          const { writer, quarantined, failures, status } = writerOn(backend, Buffer.from(TOO_LONG));
          const samples: SampleRow[] = Array.from({ length: 60 }, (_, place) =>
            sampleRow({ timeUs: DAY_START_US + place, value: place === 37 ? TOO_LONG : place }),
          );
          const result = await writer.write(batch({ samples, floor: FLOOR }), new AbortController().signal);
          expect(result?.poison).toHaveLength(1);
          expect(quarantined).toEqual([expect.stringMatching(/ 37$/)]);
          expect(failures[0]).toMatchObject({ code: 'REFUSED' });
          const stored = await readAll(backend, { ...WIND, ...everything });
          expect(stored.map(({ value }) => value)).toEqual(
            samples.map(({ value }) => value).filter((value) => value !== TOO_LONG),
          );
          expect(await backend.floor()).toEqual(FLOOR);
          // The quarantine takes no more than the samples' tables do.
          const { rows } = await backend.quarantine({ limit: 10 });
          expect(rows).toMatchObject([
            { reason: 'poison', text: expect.stringContaining('1048576 of 17825792') as string },
          ]);
          expect(rows[0]!.payload).toHaveLength(1_048_576);
          expect(status.reason).toBe('starting');
        } finally {
          await archive.dispose();
        }
      },
      TIMEOUT_MS,
    );
  });
});
