export { commands } from './commands.ts';
export type { Asset, Assets } from './http/assets.ts';
export { LIMITS, PORTAL_LIMITS } from './limits.ts';
export type { Limit, LimitName, PortalLimits } from './limits.ts';
export { Portal, PORTAL_DEFAULTS } from './portal.ts';
export type { PortalOptions } from './portal.ts';
