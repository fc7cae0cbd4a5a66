import { natsPattern, type Pattern } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SubjectRoutes } from '../src/subject-routes.ts';

describe('subject routes', () => {
  it('are, after any additions and removals, the targets whose pattern matches', () => {
    const pattern = fc.constantFrom(
      'sensor.>',
      'sensor.*.host.>',
      'sensor.normal.host.a',
      'sensor.*.*.b',
      'portal.time',
    );
    const subject = fc.constantFrom(
      'sensor.normal.host.a',
      'sensor.archive.host.b',
      'sensor.normal.wx.b',
      'portal.time',
    );
    const step = fc.oneof(
      fc.record({ add: pattern }),
      fc.record({ remove: fc.nat(10) }),
      fc.record({ ask: subject }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const routes = new SubjectRoutes<Pattern>();
        const present: { target: Pattern; undo: () => void }[] = [];
        for (const one of steps) {
          if ('add' in one) {
            const target = natsPattern(one.add);
            present.push({ target, undo: routes.add(target) });
          } else if ('remove' in one) {
            const [gone] = present.splice(one.remove, 1);
            gone?.undo();
            gone?.undo();
          } else {
            const expected = present.map(({ target }) => target).filter((target) => target.matches(one.ask));
            expect(routes.of(one.ask)).toEqual(expected);
          }
        }
      }),
    );
  });
});
