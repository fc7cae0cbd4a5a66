export { Host, HOST_DEFAULTS, type HostOptions } from './host/host.ts';
export type { Probe, Reading } from './host/probe.ts';
export { probesFor } from './host/probes/index.ts';
