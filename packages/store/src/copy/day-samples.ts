import type { SensorAddress } from '@katbus/protocol';
import type { Backend, HistoryBlock } from '../backend/backend.ts';
import type { StoredSample } from '../backend/stored-sample.ts';
import { DAY_US } from './sensor-days.ts';

/** The samples of one sensor on one day, block by block. */
export interface SensorDay extends SensorAddress {
  readonly blocks: AsyncIterable<readonly StoredSample[]>;
}

/** Of so many sensors the first blocks are asked for before it is their turn: a back end reads in several threads. */
const AHEAD = 6;

/** The samples of sensors on one day, sensor by sensor. @throws {StoreError} */
export async function* samplesOfDay(
  backend: Backend,
  sensors: AsyncIterable<SensorAddress>,
  day: number,
): AsyncGenerator<SensorDay, void, void> {
  const begun: { readonly address: SensorAddress; readonly reading: BegunReading }[] = [];
  const iterator = sensors[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      while (!isOver && begun.length < AHEAD) {
        const next = await iterator.next();
        if (next.done === true) isOver = true;
        else begun.push({ address: next.value, reading: begin(backend, next.value, day) });
      }
      const first = begun.shift();
      if (first === undefined) return;
      const { component, sensor } = first.address;
      yield { component, sensor, blocks: blocksOf(first.reading) };
    }
  } finally {
    for (const { reading } of begun) reading.first.catch(() => undefined);
  }
}

interface BegunReading {
  readonly iterator: AsyncIterator<HistoryBlock>;
  readonly first: Promise<IteratorResult<HistoryBlock>>;
}

function begin(backend: Backend, { component, sensor }: SensorAddress, day: number): BegunReading {
  const range = { startUs: day * DAY_US, endUs: (day + 1) * DAY_US };
  const iterator = backend.history({ component, sensor, ...range })[Symbol.asyncIterator]();
  const first = iterator.next();
  // Met when it is its turn; until then it must not count as unhandled.
  first.catch(() => undefined);
  return { iterator, first };
}

async function* blocksOf({ iterator, first }: BegunReading): AsyncGenerator<readonly StoredSample[]> {
  for (let result = await first; result.done !== true; result = await iterator.next()) {
    if (result.value.samples.length > 0) yield result.value.samples;
  }
}
