import { sampleTableOptions, CASSANDRA_DEFAULTS } from '../backend/cassandra/cassandra-options.ts';
import { chunksLayout } from '../backend/cassandra/chunks/chunks-layout.ts';
import type { Layout, LayoutBatch, LayoutSensor } from '../backend/cassandra/layout.ts';
import { rowsLayout } from '../backend/cassandra/rows/rows-layout.ts';
import { hashedId } from '../backend/cassandra/sensor-id.ts';
import type { CqlSession } from '../backend/cassandra/session/cql-session.ts';
import type { SessionOptions } from '../backend/cassandra/session/open-session.ts';
import type { Pace } from './pace.ts';
import { timedLoad, type LoadResult } from './timed-load.ts';

/** What a layout does with one shape of load. */
export interface LayoutResult {
  readonly layout: SizedLayout;
  readonly sensors: number;
  /** Samples a second as they are acknowledged. */
  readonly written: LoadResult;
  /** What it took to seal the journal into chunks; undefined: it was not, or there is none. */
  readonly sealed: Sealed | undefined;
  /** Samples a second as sensors are read one after the other; undefined: they were not. */
  readonly read: LoadResult | undefined;
}

export interface Sealed {
  readonly samples: number;
  readonly chunks: number;
  readonly seconds: number;
}

export const SIZED_LAYOUTS = ['rows', 'chunks'] as const;
export type SizedLayout = (typeof SIZED_LAYOUTS)[number];

export interface LayoutShape {
  readonly layout: SizedLayout;
  readonly sensors: number;
  /** Samples that are written at once: of each sensor as many, or of so many sensors one. */
  readonly batchSamples: number;
  readonly lastsMs: number;
  readonly isSealed: boolean;
  readonly isRead: boolean;
}

const READERS = 4;
const DAY_US = 86_400e6;
/** After which all of the journal is due. */
const LATER_MS = 2 * 3_600_000;

/**
 * Writes samples of so many sensors the way the archiver does, seals them, and reads some sensors.
 * @throws {StoreError}
 */
export async function layoutLoad(
  session: CqlSession,
  shape: LayoutShape,
  cassandra: SessionOptions,
  pace: Pace,
  signal?: AbortSignal,
): Promise<LayoutResult> {
  const { sensors, lastsMs, batchSamples, isSealed, isRead } = shape;
  const layout = layoutOf(shape.layout, cassandra);
  for (const table of layout.tables) await session.execute(table);
  const source = new SampleLoad(sensors, batchSamples);
  const writer = layout.writer(session);
  const write = async () => {
    const batch = source.next();
    await writer.write(batch);
    return batch.columns.count;
  };
  const written = await timedLoad(1, pace.take(lastsMs), write, signal);
  await writer.close();
  if (written.failure !== undefined) throw written.failure;
  const sealed = isSealed ? await seal(layout, session, signal) : undefined;
  const read = isRead ? await readSome(layout, session, source, pace.take(lastsMs), signal) : undefined;
  return { layout: shape.layout, sensors, written, sealed, read };
}

async function readSome(
  layout: Layout,
  session: CqlSession,
  source: SampleLoad,
  lastsMs: number,
  signal: AbortSignal | undefined,
): Promise<LoadResult> {
  const reader = layout.reader(session);
  const readOne = async () => {
    let samples = 0;
    const sensor = source.anySensor();
    for await (const { block } of reader.pieces(sensor, source.fromUs, source.fromUs + DAY_US)) {
      samples += block?.length ?? 0;
    }
    return samples;
  };
  const read = await timedLoad(READERS, lastsMs, readOne, signal);
  await reader.close();
  if (read.failure !== undefined) throw read.failure;
  return read;
}

function layoutOf(name: SizedLayout, cassandra: SessionOptions): Layout {
  const tableOptions = sampleTableOptions({ ...CASSANDRA_DEFAULTS, ...cassandra });
  // Whether chunks are still there after half a minute is no matter of speed.
  return name === 'rows'
    ? rowsLayout({ tableOptions })
    : chunksLayout({ tableOptions, verifyAfterSeconds: 0 });
}

async function seal(
  layout: Layout,
  session: CqlSession,
  signal: AbortSignal | undefined,
): Promise<Sealed | undefined> {
  const keeper = layout.keeper?.(session);
  if (keeper === undefined) return undefined;
  // Whatever it is in the middle of, it ends soon then.
  const end = () => void keeper.close();
  signal?.addEventListener('abort', end, { once: true });
  const sinceMs = performance.now();
  const { samples, chunks } = await keeper.pass(Date.now() + LATER_MS);
  const seconds = (performance.now() - sinceMs) / 1_000;
  signal?.removeEventListener('abort', end);
  await keeper.close();
  signal?.throwIfAborted();
  return { samples, chunks, seconds };
}

/** Batches as they come from the stream: of each sensor as many samples as there is room for, one a second. */
class SampleLoad {
  readonly fromUs = Math.floor(Date.now() / 1_000) * 1e6;
  readonly #sensors: readonly LayoutSensor[];
  readonly #batchSamples: number;
  #seconds = 0;
  #firstSensor = 0;

  constructor(sensors: number, batchSamples: number) {
    this.#batchSamples = batchSamples;
    // Of each shape others: what one has written is not to lie under what the next one writes.
    this.#sensors = Array.from({ length: sensors }, (_, i) => {
      const address = { component: `sizing_${i % 100}`, sensor: `point_${i}_of_${sensors}` };
      const widths = [{ fromUs: -Infinity, width: 'normal' as const }];
      return { ...address, id: hashedId(address), widths };
    });
  }

  anySensor(): LayoutSensor {
    return this.#sensors[Math.floor(Math.random() * this.#sensors.length)]!;
  }

  /** The next seconds of all sensors, or, when there are more than fit, one sample of the next sensors. */
  next(): LayoutBatch {
    const all = this.#sensors.length;
    const sensors = Math.min(all, this.#batchSamples);
    const seconds = Math.max(1, Math.floor(this.#batchSamples / all));
    const count = sensors * seconds;
    const columns = {
      count,
      sensors: new Int32Array(count),
      times: new Float64Array(count),
      valueTimes: new Float64Array(count),
      statuses: new Uint8Array(count),
      kinds: new Uint8Array(count),
      values: new Float64Array(count),
      texts: new Map<number, string>(),
      epochs: new Map<number, number>(),
    };
    let row = 0;
    for (let second = 0; second < seconds; second++) {
      for (let i = 0; i < sensors; i++, row++) {
        const number = (this.#firstSensor + i) % all;
        const timeUs = this.fromUs + (this.#seconds + second) * 1e6 + (number % 1_000) * 1_000;
        columns.sensors[row] = number;
        columns.times[row] = timeUs;
        columns.valueTimes[row] = timeUs - 1_500;
        columns.values[row] = Math.round(Math.sin(timeUs / 1e9 + number) * 1e5) / 1e3;
      }
    }
    this.#firstSensor = (this.#firstSensor + sensors) % all;
    if (this.#firstSensor === 0) this.#seconds += seconds;
    return { columns, received: columns.times, sensorOf: (number) => this.#sensors[number]! };
  }
}
