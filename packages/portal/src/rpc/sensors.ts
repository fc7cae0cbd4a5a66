import type { StoreClient } from '../store-client.ts';
import type { MethodRun } from './methods.ts';

export function sensors(store: StoreClient): MethodRun<'sensors'> {
  return (params) => store.sensors(params);
}
