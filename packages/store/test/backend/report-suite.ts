import { expect, test } from 'vitest';
import type { Backend } from '../../src/backend/backend.ts';
import { batch, DAY_START_US, sampleRow } from './rows.ts';

/** What every back end keeps for reports. @param backendOf the one of the test that runs, empty */
export function keepsWhatReportsNeed(backendOf: () => Backend): void {
  test('keeps the newest of each part of the tallies, byte by byte', async () => {
    const backend = backendOf();
    const part = (name: string, ...bytes: number[]) => ({ name, data: Uint8Array.from(bytes) });
    const large = { name: 'sensors-1', data: new Uint8Array(1024 ** 2).map((_, place) => place % 251) };
    await backend.writeTallies([part('sensors-0', 1, 2), part('archive', 0, 255)]);
    await backend.writeTallies([part('sensors-0', 3), large]);
    const kept = (await backend.tallies()).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(kept.map(({ name }) => name)).toEqual(['archive', 'sensors-0', 'sensors-1']);
    expect(kept.map(({ data }) => data.length)).toEqual([2, 1, 1024 ** 2]);
    expect(Buffer.from(kept[0]!.data)).toEqual(Buffer.of(0, 255));
    expect(Buffer.from(kept[1]!.data)).toEqual(Buffer.of(3));
    expect(Buffer.compare(kept[2]!.data, large.data)).toBe(0);
  });

  test('says what each day takes, or of no day', async () => {
    const backend = backendOf();
    const dayUs = 86_400e6;
    const samples = [sampleRow({}), sampleRow({ timeUs: DAY_START_US - 2 * dayUs })];
    await backend.write(batch({ samples }));
    const days = await backend.days();
    const today = DAY_START_US / dayUs;
    if (days.length > 0) expect(days.map(({ day }) => day)).toEqual([today - 2, today]);
    for (const { bytes } of days) expect(bytes).toBeGreaterThan(0);
  });
}
