import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { VALUE_KIND } from '../../packages/store/src/backend/value-column.ts';
import { chunksLayout } from '../../packages/store/src/backend/cassandra/chunks/chunks-layout.ts';
import {
  sampleTableOptions,
  CASSANDRA_DEFAULTS,
} from '../../packages/store/src/backend/cassandra/cassandra-options.ts';
import type { LayoutBatch, LayoutSensor } from '../../packages/store/src/backend/cassandra/layout.ts';
import { hashedId } from '../../packages/store/src/backend/cassandra/sensor-id.ts';
import { openSession } from '../../packages/store/src/backend/cassandra/session/open-session.ts';
import { cpuSeconds, residentBytes } from '../support/process-usage.ts';

/*
 * An hour of the journal, written as the archiver writes it in an observatory that keeps up (a batch each half second, each sensor in its turn),
 * only faster; then that hour is sealed as the store does it: read, sorted by sensor, made into chunks, written, and looked for again half a
 * minute later. A process of its own, so that its processor time is told from that of others.
 */
export interface SealedHour {
  readonly type: 'sealed';
  readonly samples: number;
  readonly chunks: number;
  /** Of the writing. */
  readonly journalSeconds: number;
  readonly journalCpuUs: number;
  readonly journalNodeCpuUs: number;
  /** Everything from the first slice that is read until the hour is marked as sealed. */
  readonly seconds: number;
  readonly cpuUsAChunk: number;
  readonly nodeCpuUsAChunk: number;
  readonly mostMemoryMib: number;
}

interface Work {
  readonly contactPoint: string;
  readonly keyspace: string;
  readonly nodePid: number;
  readonly sensors: number;
  readonly samplesASecond: number;
}

const HOUR_MS = 3_600_000;
const BATCH_MS = 500;
/** How long a sample is under way until the stream has it. */
const ON_THE_WAY_US = 400;
const LOOK_EACH_MS = 250;

const { values } = parseArgs({ options: { work: { type: 'string' } } });
const work = JSON.parse(values.work ?? '') as Work;
const session = await openSession({ contactPoints: [work.contactPoint], keyspace: work.keyspace });
/** An hour that is over and due. */
const startMs = (Math.floor(Date.now() / HOUR_MS) - 2) * HOUR_MS;
let nowMs = startMs;
const options = { tableOptions: sampleTableOptions({ ...CASSANDRA_DEFAULTS, contactPoints: [] }) };
try {
  for (const statement of chunksLayout(options).tables) await session.execute(statement);
  const journal = await measured(writeHour);
  console.error(`the journal has ${work.samplesASecond * 3_600} samples; sealing them`);
  const keeper = chunksLayout(options).keeper!(session);
  try {
    let mostMemory = 0;
    const watch = setInterval(
      () => (mostMemory = Math.max(mostMemory, residentBytes(process.pid))),
      LOOK_EACH_MS,
    );
    const sealing = await measured(() => keeper.pass(Date.now()));
    clearInterval(watch);
    const { samples, chunks } = sealing.result;
    const us = (seconds: number, of: number) => (seconds / of) * 1e6;
    const sealed: SealedHour = {
      type: 'sealed',
      samples,
      chunks,
      journalSeconds: journal.seconds,
      journalCpuUs: us(journal.cpu, samples),
      journalNodeCpuUs: us(journal.nodeCpu, samples),
      seconds: sealing.seconds,
      cpuUsAChunk: us(sealing.cpu, chunks),
      nodeCpuUsAChunk: us(sealing.nodeCpu, chunks),
      mostMemoryMib: mostMemory / 1024 ** 2,
    };
    process.send?.(sealed);
    if (process.send === undefined) console.log(sealed);
  } finally {
    await keeper.close();
  }
} finally {
  await session.close();
}
if (process.connected) process.disconnect();

async function measured<Result>(action: () => Promise<Result>) {
  const began = { ms: performance.now(), cpu: cpuSeconds(process.pid), node: cpuSeconds(work.nodePid) };
  const result = await action();
  return {
    result,
    seconds: (performance.now() - began.ms) / 1_000,
    cpu: cpuSeconds(process.pid) - began.cpu,
    nodeCpu: cpuSeconds(work.nodePid) - began.node,
  };
}

async function writeHour(): Promise<void> {
  const sensors = Array.from({ length: work.sensors }, (_, place): LayoutSensor => {
    const address = { component: `m${place % 200}`, sensor: `s${place}` };
    return { ...address, id: hashedId(address), widths: [{ fromUs: -Infinity, width: 'normal' }] };
  });
  const writer = chunksLayout(options, () => nowMs).writer(session);
  const perBatch = Math.round((work.samplesASecond * BATCH_MS) / 1_000);
  let place = 0;
  // Two at a time, as the archiver has them; time goes on when one is begun.
  const batches = async () => {
    while (nowMs < startMs + HOUR_MS - BATCH_MS) {
      nowMs += BATCH_MS;
      if (nowMs % 300_000 === 0) console.error(`journal: ${(nowMs - startMs) / 60_000} minutes`);
      const batch = batchOf(sensors, place, perBatch);
      place += perBatch;
      await writer.write(batch);
      await setImmediate();
    }
  };
  await Promise.all([batches(), batches()]);
  await writer.close();
}

function batchOf(sensors: readonly LayoutSensor[], from: number, count: number): LayoutBatch {
  const numbers = new Int32Array(count);
  const times = new Float64Array(count);
  const valueTimes = new Float64Array(count);
  const numbersOf = new Float64Array(count);
  const received = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    const timeUs = Math.floor((nowMs - BATCH_MS) * 1_000 + (row / count) * BATCH_MS * 1_000);
    numbers[row] = (from + row) % sensors.length;
    times[row] = timeUs;
    valueTimes[row] = timeUs - 1_500 + (row % 97);
    numbersOf[row] = Math.round(1e6 * Math.sin(from + row)) / 1e3;
    received[row] = timeUs + ON_THE_WAY_US + (row % 89);
  }
  return {
    columns: {
      count,
      sensors: numbers,
      times,
      valueTimes,
      statuses: new Uint8Array(count),
      kinds: new Uint8Array(count).fill(VALUE_KIND.number),
      values: numbersOf,
      texts: new Map(),
      epochs: new Map(),
    },
    received,
    sensorOf: (number) => sensors[number]!,
  };
}
