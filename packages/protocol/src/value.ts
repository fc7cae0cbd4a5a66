/**
 * What a sample may carry, as it travels. JSON has no NaN and no infinities, so these three travel as the strings of
 * {@link NON_FINITE} where the sensor's type is a float, also inside arrays. `null` is no value.
 */
export type SampleValue = number | string | boolean | null | readonly (number | string)[];

export const NON_FINITE = ['NaN', 'Infinity', '-Infinity'] as const;

const NON_FINITE_NUMBERS = new Map<unknown, number>([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/** KATCP's sensor types (KATCP guidelines 5.0, section 4.3), and `float[]`, an array of doubles of any length. */
export const SENSOR_TYPES = [
  'integer',
  'float',
  'boolean',
  'discrete',
  'string',
  'timestamp',
  'address',
  'lru',
  'float[]',
] as const;
export type SensorType = (typeof SENSOR_TYPES)[number];

export function isSensorType(text: unknown): text is SensorType {
  return (SENSOR_TYPES as readonly unknown[]).includes(text);
}

/** A float as it travels. */
export function encodeFloat(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The number behind a float as it travels; undefined when it is none. */
export function decodeFloat(value: unknown): number | undefined {
  return typeof value === 'number' ? value : NON_FINITE_NUMBERS.get(value);
}

/** `host:port`, `[v6]:port`, or a host alone (KATCP's address). */
const ADDRESS = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;

/**
 * Whether a value, as it travels, is of a sensor's declared type.
 * @param params of a discrete sensor: its values
 * @returns undefined when it is, else the rule that it breaks, to be read after the field's name
 */
export function valueFault(value: unknown, type: string, params?: readonly unknown[]): string | undefined {
  if (value === null) return undefined;
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : 'must be an integer within ±(2^53-1)';
    case 'float':
      return decodeFloat(value) === undefined
        ? 'must be a number, "NaN", "Infinity" or "-Infinity"'
        : undefined;
    case 'timestamp':
      return typeof value === 'number' && Number.isFinite(value)
        ? undefined
        : 'must be a finite number of Unix seconds';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'string':
      return typeof value === 'string' ? undefined : 'must be a string';
    case 'discrete':
      if (typeof value !== 'string') return 'must be a string';
      return params === undefined || params.includes(value)
        ? undefined
        : `must be one of ${params.join(', ')}`;
    case 'lru':
      return value === 'nominal' || value === 'error' ? undefined : 'must be nominal or error';
    case 'address':
      return typeof value === 'string' && ADDRESS.test(value)
        ? undefined
        : 'must be an address: host, host:port or [v6]:port';
    case 'float[]':
      if (!Array.isArray(value)) return 'must be an array of numbers';
      return value.every((element) => decodeFloat(element) !== undefined)
        ? undefined
        : 'must hold numbers, "NaN", "Infinity" or "-Infinity" only';
    default:
      // Attributes of other systems may carry types of their own: they are kept, and their values pass.
      return undefined;
  }
}
