import {
  isSensorType,
  normalisedName,
  samplingRule,
  SENSOR_TYPES,
  sensorToken,
  type Attributes,
  type SamplingSettings,
  type SensorAddress,
  type SensorType,
} from '@katbus/protocol';
import { UsageError } from './errors.ts';

/** What a component's author says of a sensor. */
export interface SensorDefinition {
  /** The sensor part of its KATCP name, without the component: `station.wind-speed`. */
  readonly name: string;
  readonly type: SensorType;
  /** One sentence for an operator. */
  readonly description?: string;
  /** As astronomers write them: `m/s`, `deg`, `%`. */
  readonly units?: string;
  /** Of a discrete sensor its values, needed there; of a number its usual range: `[0, 70]`, not enforced. */
  readonly params?: readonly unknown[];
  /** When updates are sent; defaults: `DEFAULT_SAMPLING` of the protocol. */
  readonly sampling?: SamplingSettings;
  /** Further attributes, announced as they are. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** A definition that has been checked, with what follows from it. */
export interface CheckedDefinition {
  readonly address: SensorAddress;
  readonly type: SensorType;
  readonly attributes: Attributes;
  /** What the definition says of it, and nothing else. */
  readonly sampling: SamplingSettings;
}

const TEXT_FIELDS = ['description', 'units'] as const;

/**
 * @throws {UsageError} naming the field
 * @throws {MalformedNameError} naming `name`
 * @throws {SamplingSettingsError} naming the field of `sampling`
 */
export function checkDefinition(component: string, definition: SensorDefinition): CheckedDefinition {
  const address = { component, sensor: sensorToken(definition.name) };
  const katcpName = `${component}.${definition.name}`;
  const { type, params } = definition;
  if (!isSensorType(type))
    throw new UsageError('type', katcpName, `must be one of ${SENSOR_TYPES.join(', ')}`);
  for (const field of TEXT_FIELDS) {
    const text: unknown = definition[field];
    if (text !== undefined && typeof text !== 'string')
      throw new UsageError(field, katcpName, 'must be a string');
  }
  if (params !== undefined && !Array.isArray(params))
    throw new UsageError('params', katcpName, 'must be an array');
  if (type === 'discrete' && !isListOfTexts(params)) {
    throw new UsageError(
      'params',
      katcpName,
      'of a discrete sensor must list its values, at least one, all strings',
    );
  }
  const attributes: Attributes = {
    ...definition.attributes,
    name: normalisedName(address),
    katcp_name: katcpName,
    component,
    type,
    description: definition.description ?? '',
    units: definition.units ?? '',
    params: params ?? [],
  };
  const sampling = definition.sampling ?? {};
  samplingRule(sampling);
  return { address, type, attributes, sampling };
}

function isListOfTexts(params: readonly unknown[] | undefined): boolean {
  return params !== undefined && params.length > 0 && params.every((value) => typeof value === 'string');
}
