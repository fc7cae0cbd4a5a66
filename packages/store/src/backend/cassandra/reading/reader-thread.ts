import { workerData } from 'node:worker_threads';
import type { BinsQuery } from '../../../bins/bins-query.ts';
import { readBins } from '../../../bins/bins-reader.ts';
import { operate } from '../../../operators/operate.ts';
import type { OperatorQuery } from '../../../operators/operator-query.ts';
import { serve } from '../../thread/thread-server.ts';
import { layoutOf, type LayoutSettings } from '../layouts.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { openSession } from '../session/open-session.ts';
import {
  HistoryReader,
  type KnownSensor,
  type LastBeforeRequest,
  type SensorBlockRequest,
} from './history-reader.ts';

interface Reader {
  readonly session: CqlSession;
  readonly history: HistoryReader;
}

let reader: Promise<Reader> | undefined;

/** Connects when it is first asked, and again when that failed. */
async function opened(): Promise<HistoryReader> {
  const opening = (reader ??= open());
  try {
    return (await opening).history;
  } catch (error) {
    if (reader === opening) reader = undefined;
    throw error;
  }
}

async function open(): Promise<Reader> {
  const settings = workerData as LayoutSettings;
  const session = await openSession(settings.cassandra);
  return { session, history: new HistoryReader(layoutOf(settings).reader(session)) };
}

async function close(): Promise<void> {
  const opening = reader;
  reader = undefined;
  const open = await opening?.catch(() => undefined);
  await open?.history.close();
  await open?.session.close();
}

const methods = {
  block: async (request: SensorBlockRequest) => (await opened()).block(request),
  lastBefore: async (request: LastBeforeRequest) => (await opened()).lastBefore(request),
  bins: async ({ query, sensors }: { query: BinsQuery; sensors: readonly KnownSensor[] }) =>
    readBins((await opened()).source(sensors), query),
  operate: async ({ query, sensors }: { query: OperatorQuery; sensors: readonly KnownSensor[] }) =>
    operate((await opened()).source(sensors), query),
  close,
};
export type ReaderMethods = typeof methods;

serve(methods);
