import { workerData } from 'node:worker_threads';
import type { TallyPart } from '../backend.ts';
import { SETTLE_MS } from './catalogue-file.ts';
import type { PackedBatch } from './packed-batch.ts';
import { serve } from '../thread/thread-server.ts';
import { Writer, type WriterOptions } from './writer.ts';

let writer: Writer | undefined;

function opened(): Writer {
  writer ??= new Writer(workerData as WriterOptions);
  return writer;
}

let settling: NodeJS.Timeout | undefined;

/** When nothing more comes, what was written last must not wait for it. */
function settleSoon(): void {
  clearTimeout(settling);
  settling = setTimeout(() => {
    try {
      writer?.settle();
    } catch {
      // The next write meets the same, and tells.
    }
  }, SETTLE_MS);
}

const methods = {
  open: () => {
    opened();
  },
  write: (batch: PackedBatch) => {
    settleSoon();
    return opened().write(batch);
  },
  settle: () => {
    opened().settle();
  },
  seal: (day: number) => opened().seal(day),
  keepFrom: (day: number) => {
    opened().keepFrom(day);
  },
  releaseQuarantined: (ids: readonly number[]) => opened().releaseQuarantined(ids),
  writeTallies: (parts: readonly TallyPart[]) => {
    opened().writeTallies(parts);
  },
  statistics: () => opened().statistics(),
  close: () => {
    clearTimeout(settling);
    writer?.close();
  },
};
export type WriterMethods = typeof methods;

serve(methods, () => {
  writer?.foldLogs();
});
