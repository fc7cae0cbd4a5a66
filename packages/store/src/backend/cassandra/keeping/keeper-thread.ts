import { workerData } from 'node:worker_threads';
import { serve } from '../../thread/thread-server.ts';
import type { LayoutKeeper } from '../layout.ts';
import { layoutOf, type LayoutSettings } from '../layouts.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { openSession } from '../session/open-session.ts';

interface Keeper {
  readonly session: CqlSession;
  readonly keeper: LayoutKeeper;
}

let keeper: Keeper | undefined;

async function open(): Promise<Keeper> {
  const settings = workerData as LayoutSettings;
  const { name, keeper } = layoutOf(settings);
  if (keeper === undefined) throw new Error(`the layout ${name} keeps nothing`);
  const session = await openSession(settings.cassandra);
  return { session, keeper: keeper(session) };
}

const methods = {
  /** One at a time. */
  pass: async (nowMs: number) => {
    keeper ??= await open();
    return keeper.keeper.pass(nowMs);
  },
  lag: (nowMs: number) => keeper?.keeper.lagSeconds(nowMs),
  close: async () => {
    await keeper?.keeper.close();
    await keeper?.session.close();
  },
};
export type KeeperMethods = typeof methods;

serve(methods);
