import { isToken, type SensorAddress } from './names.ts';

/** The two subjects of a sensor: `archive` samples are stored, `normal` ones fill in between. A sample goes to one of them, never both. */
export const RATES = ['archive', 'normal'] as const;
export type Rate = (typeof RATES)[number];

export interface SensorSubject extends SensorAddress {
  readonly rate: Rate;
}

/** Subjects and patterns that more than one program spells. SUBJECTS.md says who publishes what. */
export const SUBJECTS = {
  everySample: 'sensor.>',
  archiveSamples: 'sensor.archive.>',
  normalSamples: 'sensor.normal.>',
  everyAttributes: 'attributes.>',
  listEverySensor: 'rpc.sensors.all',
  announceEveryAttributes: 'rpc.attributes.all',
  archiveMarkers: 'sync.archive.*',
  liveMarkers: 'sync.live.*',
  time: 'portal.time',
  aggregates: 'portal.aggregate.*',
  componentPresence: 'portal.component.*',
  everyHeartbeat: 'heartbeat.*',
  cacheUpdateDone: 'portal.cache_update_done',
} as const;

export function sensorSubject(rate: Rate, address: SensorAddress): string {
  return `sensor.${rate}.${address.component}.${address.sensor}`;
}

/** @returns undefined when the subject is not exactly `sensor.{archive|normal}.<component>.<sensor>` */
export function parseSensorSubject(subject: string): SensorSubject | undefined {
  const tokens = subject.split('.');
  const [root, rate, component, sensor] = tokens;
  if (tokens.length !== 4 || root !== 'sensor' || (rate !== 'archive' && rate !== 'normal')) return undefined;
  if (component === undefined || sensor === undefined || !isToken(component) || !isToken(sensor))
    return undefined;
  return { rate, component, sensor };
}

export function attributesSubject(component: string): string {
  return `attributes.${component}`;
}

/** @returns the component, or undefined when the subject is not exactly `attributes.<component>` */
export function parseAttributesSubject(subject: string): string | undefined {
  const tokens = subject.split('.');
  const component = tokens[1];
  return tokens.length === 2 && tokens[0] === 'attributes' && component !== undefined && isToken(component)
    ? component
    : undefined;
}

export function listSubject(component: string): string {
  return `rpc.sensors.${component}`;
}

export function announceSubject(component: string): string {
  return `rpc.attributes.${component}`;
}

export function explainSubject(component: string): string {
  return `rpc.explain.${component}`;
}

export function heartbeatSubject(component: string): string {
  return `heartbeat.${component}`;
}

export function markerSubject(stream: 'archive' | 'live', portal: string): string {
  return `sync.${stream}.${portal}`;
}
