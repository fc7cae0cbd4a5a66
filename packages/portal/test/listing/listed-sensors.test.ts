import { LoopTurns } from '@katbus/bus/daemon';
import type { ListingEntry } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ListedSensors } from '../../src/listing/listed-sensors.ts';
import { ListingMemory } from '../../src/listing/listing-memory.ts';

const turns = () => new LoopTurns();
const entry = (sensor: string, units = 'K'): ListingEntry => ({
  sensor,
  attributes: { name: `wx_${sensor}`, units },
});

function textOf(listed: ListedSensors): string {
  return Buffer.concat([...listed.pieces()]).toString();
}

describe('listed sensors', () => {
  test('are JSON in order of component and sensor, whatever came in which order, in pieces that end between two', async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/);
    const chunks = fc.array(
      fc.tuple(name, fc.uniqueArray(name, { maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 })),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(chunks, fc.array(name), async (all, absent) => {
        const listed = new ListedSensors(new ListingMemory(1e9), 1e9, false);
        for (const [component, sensors, units] of all)
          await listed.add(
            component,
            sensors.map((sensor) => entry(sensor, units)),
            turns(),
          );
        listed.complete(absent, 1);
        const expected = all
          .flatMap(([component, sensors, units]) =>
            sensors.map((each) => ({ component, ...entry(each, units) })),
          )
          .map(({ component, sensor }) => [component, sensor])
          .toSorted(([a, b], [c, d]) => (a! < c! ? -1 : a! > c! ? 1 : b! < d! ? -1 : b! > d! ? 1 : 0));
        const result = JSON.parse(textOf(listed)) as {
          sensors: { component: string; sensor: string; attributes: { units: string } }[];
          absent: string[];
        };
        expect(result.sensors.map(({ component, sensor }) => [component, sensor])).toEqual(expected);
        expect(result.absent).toEqual(absent);
        for (const piece of listed.pieces())
          expect(() => new TextDecoder('utf-8', { fatal: true }).decode(piece)).not.toThrow();
      }),
    );
  });

  test('hold every one of very many, text of any length, and what is no ASCII', async () => {
    const listed = new ListedSensors(new ListingMemory(1e9), 1e9, false);
    const units = ['K', '°C'.repeat(50_000), 'µ'];
    const many = Array.from({ length: 5_000 }, (_, i) => entry(`s${i}`, units[i % 997] ?? 'K'));
    await listed.add('wx', many, turns());
    listed.complete([], 1);
    const { sensors } = JSON.parse(textOf(listed)) as { sensors: { sensor: string }[] };
    const sorted = many.map(({ sensor, attributes }) => ({ component: 'wx', sensor, attributes }));
    expect(sensors).toEqual(sorted.toSorted((a, b) => (a.sensor < b.sensor ? -1 : 1)));
    expect([...listed.pieces()].length).toBeGreaterThan(5);
  });

  test('come with their samples only where they are wanted', async () => {
    const sample = { name: 'wx_a', time: 2, value_ts: 1, status: 'nominal', value: 3 } as const;
    for (const readings of [true, false]) {
      const listed = new ListedSensors(new ListingMemory(1e9), 1e9, readings);
      await listed.add('wx', [{ ...entry('a'), sample }], turns());
      listed.complete([], 1);
      const { sensors } = JSON.parse(textOf(listed)) as { sensors: object[] };
      expect(sensors).toEqual([{ component: 'wx', ...entry('a'), ...(readings && { sample }) }]);
    }
  });

  test('are refused when they are too large, alone or all together, and what is given back is free again', async () => {
    const memory = new ListingMemory(20_000);
    const many = Array.from({ length: 100 }, (_, i) => entry(`s${i}`));
    const large = new ListedSensors(memory, 1_000, false);
    await expect(large.add('wx', many, turns())).rejects.toMatchObject({ code: 'answerTooLarge' });
    large.release();
    expect(memory.bytes).toBe(0);
    const [one, other] = [new ListedSensors(memory, 1e6, false), new ListedSensors(memory, 1e6, false)];
    await one.add('wx', many, turns());
    await expect(other.add('wx', many, turns())).rejects.toMatchObject({ code: 'busy' });
    other.release();
    one.complete([], 2);
    one.release();
    expect(memory.bytes).toBeGreaterThan(0);
    one.release();
    one.release();
    expect(memory.bytes).toBe(0);
  });

  test('take nothing more when they are complete', async () => {
    const memory = new ListingMemory(1e6);
    const listed = new ListedSensors(memory, 1e6, false);
    listed.complete([], 1);
    await listed.add('wx', [entry('late')], turns());
    expect(textOf(listed)).toBe('{"sensors":[],"absent":[]}');
    expect(memory.bytes).toBe(0);
  });

  test('are made text in turns', async () => {
    let count = 0;
    const impatient = new LoopTurns({ mostMs: 0, nextTurn: () => Promise.resolve((count += 1)) });
    const listed = new ListedSensors(new ListingMemory(1e9), 1e9, false);
    await listed.add(
      'wx',
      Array.from({ length: 10_000 }, (_, i) => entry(`s${i}`)),
      impatient,
    );
    expect(count).toBe(20);
  });
});
