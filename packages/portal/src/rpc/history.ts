import type { StoreClient } from '../store-client.ts';
import type { MethodRun } from './methods.ts';

export function history(store: StoreClient): MethodRun<'history'> {
  return (params) => store.history(params);
}
