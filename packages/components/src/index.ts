export { Host, HOST_DEFAULTS, type HostOptions } from './host/host.ts';
export type { Probe, Reading } from './host/probe.ts';
export { probesFor } from './host/probes/index.ts';
export { Pacer, type PacerOptions } from './telescope/pacer.ts';
export type { FaultNews } from './telescope/faults.ts';
export { startTelescopeDaemon, type TelescopeDaemonOptions } from './telescope/telescope-daemon.ts';
export { TELESCOPE_DEFAULTS, TelescopeModel, type TelescopeSettings } from './telescope/telescope-model.ts';
