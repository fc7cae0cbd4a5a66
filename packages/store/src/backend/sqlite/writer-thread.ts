import { workerData } from 'node:worker_threads';
import type { PackedBatch } from './packed-batch.ts';
import { serve } from './thread-server.ts';
import { Writer, type WriterOptions } from './writer.ts';

let writer: Writer | undefined;

function opened(): Writer {
  writer ??= new Writer(workerData as WriterOptions);
  return writer;
}

const methods = {
  open: () => {
    opened();
  },
  write: (batch: PackedBatch) => opened().write(batch),
  seal: (day: number) => opened().seal(day),
  keepFrom: (day: number) => {
    opened().keepFrom(day);
  },
  statistics: () => opened().statistics(),
  close: () => writer?.close(),
};
export type WriterMethods = typeof methods;

serve(methods, () => {
  writer?.foldLogs();
});
