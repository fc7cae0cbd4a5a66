import { workerData } from 'node:worker_threads';
import { serve } from '../../thread/thread-server.ts';
import { Keeper, type KeeperOptions } from './keeper.ts';

let keeper: Keeper | undefined;

function started(): Keeper {
  keeper ??= new Keeper(workerData as KeeperOptions);
  return keeper;
}

const methods = {
  closeDay: ({ day, sealed }: { day: number; sealed: number }) => started().close(day, sealed),
  removeBefore: (day: number) => started().removeBefore(day),
  close: () => keeper?.end(),
};
export type KeeperMethods = typeof methods;

serve(methods);
