import { MalformedAttributesError } from './errors.ts';
import { isToken, type SensorAddress } from './names.ts';

/**
 * What is fixed about a sensor, as it travels on `attributes.<component>` (Joubert & Slabber, ICALEPCS 2017, Table 2).
 *
 * Only `name` is required. Fields that are not named here are kept as they came.
 */
export interface Attributes {
  /** Normalised sensor name: `wx_station_wind_speed`. */
  readonly name: string;
  /** As KATCP spells it: `wx.station.wind-speed`. */
  readonly katcp_name?: string;
  readonly component?: string;
  /** One of SENSOR_TYPES; other systems may send types of their own. */
  readonly type?: string;
  readonly description?: string;
  readonly units?: string;
  /** Of a discrete sensor its values, of a number its usual range: `[0, 70]`. Other systems send the same as text. */
  readonly params?: readonly unknown[] | string;
  /** When the clock epoch of its samples began, Unix seconds by the component's clock; absent: that clock was never set back. */
  readonly clock_epoch?: number;
  readonly [field: string]: unknown;
}

/** The largest payload on `attributes.<component>`, bytes. One object is the rule; an array is accepted up to this. */
export const LARGEST_ATTRIBUTES_BYTES = 256 * 1024;

/** How deep objects and arrays may stand in each other: what is nested without end can be read, but not written again. */
export const DEEPEST_ATTRIBUTES_LEVELS = 32;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * One attributes object, or an array of them.
 * @throws {MalformedAttributesError} naming the first field that is missing or wrong
 */
export function parseAttributes(payload: Uint8Array | string): Attributes[] {
  if (payload.length > LARGEST_ATTRIBUTES_BYTES) {
    throw new MalformedAttributesError('(payload)', `is larger than ${LARGEST_ATTRIBUTES_BYTES} bytes`);
  }
  let document: unknown;
  try {
    document = JSON.parse(typeof payload === 'string' ? payload : decoder.decode(payload));
  } catch (error) {
    throw new MalformedAttributesError(
      '(payload)',
      error instanceof SyntaxError ? 'is not JSON' : 'is not UTF-8',
    );
  }
  const list = Array.isArray(document) ? document : [document];
  return list.map((entry: unknown, place) => checked(entry, Array.isArray(document) ? `${place}.` : ''));
}

function checked(entry: unknown, prefix: string): Attributes {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw new MalformedAttributesError(`${prefix}(payload)`, 'must be a JSON object');
  }
  const { name, katcp_name, component, type, description, units, params } = entry as Record<string, unknown>;
  if (typeof name !== 'string' || name === '')
    throw new MalformedAttributesError(`${prefix}name`, 'must be a non-empty string');
  for (const [field, text] of Object.entries({ katcp_name, component, type, description, units })) {
    if (text !== undefined && typeof text !== 'string')
      throw new MalformedAttributesError(`${prefix}${field}`, 'must be a string');
  }
  if (params !== undefined && typeof params !== 'string' && !Array.isArray(params)) {
    throw new MalformedAttributesError(`${prefix}params`, 'must be an array or a string');
  }
  if (isDeeper(entry, DEEPEST_ATTRIBUTES_LEVELS)) {
    throw new MalformedAttributesError(
      `${prefix}(payload)`,
      `is nested more than ${DEEPEST_ATTRIBUTES_LEVELS} levels deep`,
    );
  }
  return entry as Attributes;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}

/**
 * Whose attributes these are: the component is the subject's, the sensor is what follows it in `name`.
 * @throws {MalformedAttributesError} naming `name` or `component` when they do not fit the subject
 */
export function addressOfAttributes(attributes: Attributes, component: string): SensorAddress {
  if (attributes.component !== undefined && attributes.component !== component) {
    throw new MalformedAttributesError(
      'component',
      `"${attributes.component}" does not fit the subject of ${component}`,
    );
  }
  const sensor = attributes.name.slice(component.length + 1);
  if (!attributes.name.startsWith(`${component}_`) || !isToken(sensor)) {
    throw new MalformedAttributesError('name', `"${attributes.name}" does not begin with ${component}_`);
  }
  return { component, sensor };
}
