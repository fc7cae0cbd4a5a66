import { setImmediate } from 'node:timers/promises';
import type { OperatorName } from '@katbus/protocol';
import { gridOfWidth } from '../bins/bin-grid.ts';
import type { SampleSource } from '../bins/sample-source.ts';
import { wireBytes, type StoredSample } from '../backend/stored-sample.ts';
import { FILLING_OPERATORS } from './filling-operators.ts';
import type { OperatedPart, OperatorPosition, OperatorQuery } from './operator-query.ts';
import type { OperatorContext, OperatorRun } from './operator-run.ts';
import { PICKING_OPERATORS } from './picking-operators.ts';
import { CrowdedBinError, type ReadBlock } from './sample-bins.ts';
import { STREAMING_OPERATORS } from './streaming-operators.ts';

const RUNS: Readonly<Record<OperatorName, OperatorRun>> = {
  ...FILLING_OPERATORS,
  ...PICKING_OPERATORS,
  ...STREAMING_OPERATORS,
};

/**
 * Reads one page of what an operator makes of a sensor's samples.
 */
export async function operate(source: SampleSource, query: OperatorQuery): Promise<OperatedPart> {
  try {
    return await operatedPart(source, query);
  } catch (error) {
    if (!(error instanceof CrowdedBinError)) throw error;
    return { refused: error.message, samples: [], next: undefined };
  }
}

async function operatedPart(source: SampleSource, query: OperatorQuery): Promise<OperatedPart> {
  const { address, operator, startUs, endUs, mostSamples, mostBytes, mostMs } = query;
  const deadlineMs = performance.now() + mostMs;
  const context: OperatorContext = {
    query,
    grid: gridOfWidth(startUs, endUs, operator.widthUs || endUs - startUs),
    read: (fromUs) => read(source, query, fromUs),
    lastBefore: (timeUs) => source.lastBefore(address, timeUs),
  };
  const samples: StoredSample[] = [];
  let bytes = 0;
  let reached: OperatorPosition | undefined;
  for await (const { sample, atUs, carried } of RUNS[operator.name](context)) {
    if (sample !== undefined) {
      bytes += wireBytes(sample);
      const isFull = samples.length >= mostSamples || bytes > mostBytes;
      // What found no room is given again by the page after, which begins where the one before this ended.
      if (isFull && samples.length > 0) return { samples, next: reached };
      samples.push(sample);
    }
    reached = { atUs, carried };
    // At the end only what the operator still has to say is left.
    if (atUs < endUs && performance.now() > deadlineMs) return { samples, next: reached };
  }
  return { samples, next: undefined };
}

async function* read(
  source: SampleSource,
  { address, endUs }: OperatorQuery,
  fromUs: number,
): AsyncGenerator<ReadBlock, void, undefined> {
  for await (const { block, reachedUs } of source.pieces(address, fromUs, endUs, {})) {
    if (block !== undefined) yield { block, reachedUs };
    // Others have their turn.
    await setImmediate();
  }
}
