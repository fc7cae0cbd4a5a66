import type { StoreClient } from '../store-client.ts';
import type { MethodRun } from './methods.ts';
import type { PageTurns } from './page-turns.ts';

export function history(store: StoreClient, turns: PageTurns): MethodRun<'history'> {
  return (params, context) => turns.run(context, () => store.historyText(params));
}
