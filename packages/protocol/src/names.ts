import { MalformedNameError } from './errors.ts';

const TOKEN = /^[A-Za-z0-9_]+$/;
const KATCP_SENSOR = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** The component of the alarm service, and of nothing else. */
export const ALARM_COMPONENT = 'kataware';

/** No component may take these names: they are addresses of their own under `rpc.`, or belong to one component. */
export const RESERVED_COMPONENTS = ['all', 'store', 'portal', ALARM_COMPONENT] as const;

/** The longest component or sensor token, in characters: the joined subject stays far below what nats-server accepts. */
export const LONGEST_TOKEN = 128;

/** A sensor's identity on the bus: the two last tokens of its subject. The joined `name` may be ambiguous, this never is. */
export interface SensorAddress {
  readonly component: string;
  readonly sensor: string;
}

export function isToken(text: string): boolean {
  return text.length <= LONGEST_TOKEN && TOKEN.test(text);
}

/**
 * @param options `mayBeAlarms`: the alarm service's own name is allowed
 * @throws {MalformedNameError} naming `component`: bad characters, too long, or reserved (see {@link RESERVED_COMPONENTS})
 */
export function checkComponent(name: string, options: { mayBeAlarms?: boolean } = {}): void {
  if (!isToken(name)) {
    throw new MalformedNameError(
      'component',
      name,
      `a component's name is 1 to ${LONGEST_TOKEN} of A-Z a-z 0-9 _`,
    );
  }
  const isAllowed = options.mayBeAlarms === true && name === ALARM_COMPONENT;
  if (!isAllowed && (RESERVED_COMPONENTS as readonly string[]).includes(name)) {
    throw new MalformedNameError('component', name, 'this name is reserved');
  }
}

/**
 * The subject's last token for the sensor part of a KATCP name: `.` and `-` become `_`.
 * @throws {MalformedNameError} naming `name`
 */
export function sensorToken(katcpSensor: string): string {
  if (!KATCP_SENSOR.test(katcpSensor) || katcpSensor.length > LONGEST_TOKEN) {
    throw new MalformedNameError(
      'name',
      katcpSensor,
      `a sensor's name is 1 to ${LONGEST_TOKEN} of A-Z a-z 0-9 _ . - and begins with a letter, a digit or _`,
    );
  }
  return katcpSensor.replaceAll(/[.-]/g, '_');
}

/** The normalised name that samples carry: component and sensor token joined by `_`. */
export function normalisedName(address: SensorAddress): string {
  return `${address.component}_${address.sensor}`;
}

/** `<component>.<sensor token>`: how people and programs name a sensor without ambiguity. */
export function formatAddress(address: SensorAddress): string {
  return `${address.component}.${address.sensor}`;
}

/**
 * The inverse of {@link formatAddress}; a full KATCP name (`wx.station.wind-speed`) is understood as well.
 * @throws {MalformedNameError} naming `sensor`
 */
export function parseAddress(text: string): SensorAddress {
  const dot = text.indexOf('.');
  const component = text.slice(0, Math.max(dot, 0));
  const rest = text.slice(dot + 1);
  if (dot <= 0 || !isToken(component) || !KATCP_SENSOR.test(rest) || rest.length > LONGEST_TOKEN) {
    throw new MalformedNameError('sensor', text, 'write <component>.<sensor>, for example host.cpu_load');
  }
  return { component, sensor: sensorToken(rest) };
}
