import { encodeFloat, valueFault, type SampleValue, type SensorType } from '@katbus/protocol';

/** What a component may pass to `update`: numbers as they are, NaN and the infinities too; arrays of doubles also typed. */
export type ComponentValue =
  number | string | boolean | null | readonly number[] | Float64Array | Float32Array;

/**
 * A component's value as it travels; arrays are copied, so that their owner may go on writing into them.
 * @returns the value, or the rule that it breaks
 */
export function encodeValue(
  value: ComponentValue,
  type: SensorType,
  params: readonly unknown[],
): { readonly value: SampleValue } | { readonly fault: string } {
  const encoded = encoders[type]?.(value) ?? (value as SampleValue);
  const fault =
    typeof encoded === 'undefined' ? 'must be given; null means no value' : valueFault(encoded, type, params);
  return fault === undefined ? { value: encoded } : { fault };
}

const encoders: Partial<Record<SensorType, (value: ComponentValue) => SampleValue>> = {
  float: (value) => (typeof value === 'number' ? encodeFloat(value) : value) as SampleValue,
  'float[]': (value) =>
    Array.isArray(value) || ArrayBuffer.isView(value)
      ? Array.from(value as ArrayLike<number>, (element) =>
          typeof element === 'number' ? encodeFloat(element) : element,
        )
      : value,
};

/** Whether a value's text may be long: only strings and arrays can pass the server's largest payload. */
export function mayBeLong(value: SampleValue): boolean {
  return typeof value === 'object' ? value !== null : typeof value === 'string';
}

/** Whether a value is a number that a sensor of this type takes as it is: the usual case, decided without making an object. */
export function isPlainNumber(type: SensorType, value: ComponentValue): value is number {
  if (typeof value !== 'number') return false;
  if (type === 'float' || type === 'timestamp') return Number.isFinite(value);
  return type === 'integer' && Number.isSafeInteger(value);
}
