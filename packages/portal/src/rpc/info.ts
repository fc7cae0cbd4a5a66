import { toSeconds, wallClockUs } from '@katbus/protocol';
import type { MethodRun, MethodServices } from './methods.ts';

export function info({ portal, version, limits }: MethodServices): MethodRun<'info'> {
  return () => ({ portal, version, time: toSeconds(wallClockUs()), limits: { ...limits } });
}
