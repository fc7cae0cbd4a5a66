export { ClockService, type ClockOptions } from './clock/clock-service.ts';
export { checkSite, MEERKAT, SiteError } from './clock/site.ts';
export { timeMessage } from './clock/time-message.ts';
export { PresenceMetrics } from './presence/presence-metrics.ts';
export { PresenceService, type PresenceOptions } from './presence/presence-service.ts';
export type { RunningService, Service, ServiceContext } from './service.ts';
