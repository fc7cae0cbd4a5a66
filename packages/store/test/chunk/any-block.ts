import fc from 'fast-check';
import { STATUSES } from '@katbus/protocol';
import type { StoredSample, StoredValue } from '../../src/backend/stored-sample.ts';

const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1, Infinity, -Infinity, NaN, 5e-324, -1.7976931348623157e308, 2 ** 53, -(2 ** 53)),
  fc.integer().map((integer) => integer / 1000),
  fc.maxSafeInteger(),
);

// In arrays, which are kept as JSON, there is no -0.
const anyElement = anyNumber.map((number) => (Object.is(number, -0) ? 0 : number));

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'slew', 'track', '\ufeffmark', 'a\0b', '\ud800', '\udc00\ud800', '[1]', 'é\u{1F52D}'),
);

/** Sensors keep to one kind of value for long, so blocks mostly have one; some mix everything. */
const anyValues: fc.Arbitrary<fc.Arbitrary<StoredValue>> = fc.constantFrom<fc.Arbitrary<StoredValue>[]>(
  anyNumber,
  fc.integer({ min: -5_000, max: 5_000 }).map((integer) => integer / 100),
  fc.constantFrom(-0, 0, 7.25),
  fc.boolean(),
  anyText,
  fc.constantFrom('slew', 'track', 'stop'),
  fc.array(anyElement, { maxLength: 4 }),
  fc.oneof(anyNumber, fc.boolean(), fc.constant(null), anyText, fc.array(anyElement, { maxLength: 3 })),
);

const anyTimes = fc.oneof(
  fc.constant(fc.constant(1_000_000)),
  fc.constant(fc.integer({ min: 999_000, max: 1_001_000 })),
  fc.constant(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 86_400_000_000 }))),
);

/** 1 to some hundred samples in order of time. */
export const anySamples: fc.Arbitrary<StoredSample[]> = fc
  .tuple(
    fc.integer({ min: 1, max: 300 }),
    fc.oneof(fc.constant(1_795_305_600_000_000), fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 52 })),
    anyTimes,
    fc.constantFrom(
      fc.constant(0),
      fc.integer({ min: 0, max: 2_000 }),
      fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
    ),
    fc.constantFrom(fc.constant('nominal' as const), fc.constantFrom(...STATUSES)),
    anyValues,
  )
  .chain(([length, startUs, steps, ages, statuses, values]) =>
    fc
      .array(fc.tuple(steps, ages, statuses, values), { minLength: length, maxLength: length })
      .map((rows) => {
        let timeUs = startUs;
        return rows.map(([step, age, status, value]) => {
          timeUs += step;
          return {
            timeUs,
            valueTimeUs: Math.abs(timeUs - age) <= 2 ** 53 ? timeUs - age : timeUs,
            status,
            value,
          };
        });
      }),
  );
