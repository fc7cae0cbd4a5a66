import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SubjectTable } from '../../src/archiver/subject-table.ts';

const bytes = (text: string) => Buffer.from(text);

test('numbers subjects as a Map would, however many and however alike', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 4 })),
      fc.array(fc.string({ maxLength: 4 })),
      (added, asked) => {
        const table = new SubjectTable();
        const expected = new Map<string, number>();
        for (const text of added) {
          const known = expected.get(text) ?? expected.size;
          expected.set(text, known);
          expect(table.add(bytes(text))).toBe(known);
        }
        expect(table.size).toBe(expected.size);
        for (const text of [...added, ...asked])
          expect(table.find(bytes(text))).toBe(expected.get(text) ?? -1);
      },
    ),
  );
});

test('grows to 200,000 subjects', () => {
  const table = new SubjectTable();
  const subject = (place: number) => bytes(`sensor.archive.m${place % 200}.rsc_rxl_group_${place}`);
  for (let place = 0; place < 200_000; place++) table.add(subject(place));
  expect(table.size).toBe(200_000);
  for (let place = 0; place < 200_000; place += 997) expect(table.find(subject(place))).toBe(place);
  expect(table.find(bytes('sensor.archive.m1.rsc_rxl_group_0'))).toBe(-1);
});
