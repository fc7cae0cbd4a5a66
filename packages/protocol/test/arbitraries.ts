import fc from 'fast-check';
import { mayLackValue, STATUSES, type SampleValue, type Status } from '@katbus/protocol';

/** Generators of what travels on the bus, for property tests of any package. */

const TOKEN_CHARACTERS = [...'ABCXYZabcxyz0189_'];

export const tokens = fc.string({ unit: fc.constantFrom(...TOKEN_CHARACTERS), minLength: 1, maxLength: 12 });

export const addresses = fc.record({ component: tokens, sensor: tokens });

/** Microseconds since 1970, from 1970 until 2100. */
export const timesUs = fc.integer({ min: 0, max: 4_102_444_800_000_000 });

const travellingFloats = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.constantFrom('NaN', 'Infinity', '-Infinity'),
);

export const presentValues: fc.Arbitrary<SampleValue> = fc.oneof(
  travellingFloats,
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
  fc.array(travellingFloats),
);

export const observations: fc.Arbitrary<{ status: Status; value: SampleValue }> = fc
  .record({ status: fc.constantFrom(...STATUSES), value: presentValues, lacksValue: fc.boolean() })
  .map(({ status, value, lacksValue }) => ({
    status,
    value: lacksValue && mayLackValue(status) ? null : value,
  }));
