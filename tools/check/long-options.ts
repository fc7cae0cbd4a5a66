/** What `npm run test:long` may be told beside paths; test/support/long-option.ts reads it. */
export const LONG_OPTIONS = {
  kills: 'how many kills and stops there are in a run of them',
  'outage-seconds': 'how long what is stopped stays so',
} as const;
export type LongOption = keyof typeof LONG_OPTIONS;

/** The variable by which a test, in a process of its own, hears of an option. */
export function variableOf(name: LongOption): string {
  return `KATBUS_TEST_${name.toUpperCase().replace('-', '_')}`;
}
