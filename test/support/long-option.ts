import { LONG_OPTIONS, variableOf, type LongOption } from '../../tools/check/long-options.ts';

/** What `npm run test:long -- --<name> <number>` has for it, or its default. @throws {RangeError} naming the option */
export function longOption(name: LongOption, byDefault: number): number {
  const text = process.env[variableOf(name)];
  if (text === undefined) return byDefault;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new RangeError(`--${name} ${text}: it is ${LONG_OPTIONS[name]}, a whole number above 0`);
}
