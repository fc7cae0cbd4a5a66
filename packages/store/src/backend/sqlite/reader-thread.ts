import { workerData } from 'node:worker_threads';
import type { SensorAddress } from '@katbus/protocol';
import type { BinsQuery } from '../../bins/bins-query.ts';
import { readBins } from '../../bins/bins-reader.ts';
import { operate } from '../../operators/operate.ts';
import type { OperatorQuery } from '../../operators/operator-query.ts';
import type { CatalogueQuery, LatestQuery, QuarantineQuery } from '../backend.ts';
import type { BlockRequest } from '../history-block.ts';
import { Reader } from './reader.ts';
import { serve } from '../thread/thread-server.ts';

let reader: Reader | undefined;

function opened(): Reader {
  reader ??= new Reader(workerData as string);
  return reader;
}

const methods = {
  block: (request: BlockRequest) => opened().history.block(request),
  bins: (query: BinsQuery) => readBins(opened().history, query),
  operate: (query: OperatorQuery) => operate(opened().history, query),
  lastBefore: ({ address, timeUs }: { address: SensorAddress; timeUs: number }) =>
    opened().history.lastBefore(address, timeUs),
  latest: (query: LatestQuery) => opened().catalogue.latest(query),
  catalogue: (query: CatalogueQuery) => opened().catalogue.catalogue(query),
  sensor: (address: SensorAddress) => opened().catalogue.sensor(address),
  attributesHistory: (request: { address: SensorAddress; startUs: number; endUs: number }) =>
    opened().catalogue.attributesHistory(request.address, request.startUs, request.endUs),
  floor: () => opened().catalogue.floor(),
  quarantine: (query: QuarantineQuery) => opened().catalogue.quarantine(query),
  gaps: () => opened().catalogue.gaps(),
  tallies: () => opened().catalogue.tallies(),
  days: () => opened().directory.dayBytes(),
  refresh: () => reader?.history.refresh(),
  close: () => reader?.close(),
};
export type ReaderMethods = typeof methods;

serve(methods);
