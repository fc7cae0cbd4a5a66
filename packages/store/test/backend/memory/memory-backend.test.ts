import { expect, test } from 'vitest';
import { MemoryBackend } from '../../../src/backend/memory/memory-backend.ts';
import { backendSuite, type BackendUnderTest } from '../backend-suite.ts';
import { binsSuite } from '../bins-suite.ts';
import { batch, DAY_START_US, everything, readAll, sampleRow } from '../rows.ts';

function open(options: { quarantineBytes: number }): Promise<BackendUnderTest> {
  const backend = new MemoryBackend(options);
  return Promise.resolve({ backend, dispose: () => backend.close() });
}

backendSuite('memory', open);
binsSuite('memory', open);

test('the memory back end drops the oldest samples of the sensors that have most', async () => {
  const backend = new MemoryBackend({ mostSamples: 100 });
  const many = Array.from({ length: 150 }, (_, offset) => sampleRow({ timeUs: DAY_START_US + offset }));
  await backend.write(batch({ samples: [sampleRow({ sensor: 'rare', timeUs: 1 }), ...many] }));
  const kept = await readAll(backend, { component: 'wx', sensor: 'wind_speed', ...everything });
  expect(kept.map(({ timeUs }) => timeUs - DAY_START_US)).toEqual(
    Array.from({ length: 45 }, (_, place) => 105 + place),
  );
  expect(await readAll(backend, { component: 'wx', sensor: 'rare', ...everything })).toHaveLength(1);
});
