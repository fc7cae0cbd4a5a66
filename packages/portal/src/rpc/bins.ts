import type { StoreClient } from '../store-client.ts';
import type { MethodRun } from './methods.ts';
import type { PageTurns } from './page-turns.ts';

export function bins(store: StoreClient, turns: PageTurns): MethodRun<'bins'> {
  return (params, context) => turns.run(context, () => store.binsText(params));
}
