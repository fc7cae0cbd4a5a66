import { natsPattern } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Routes } from '../../src/delivery/routes.ts';

const token = fc.constantFrom('sensor', 'archive', 'normal', 'wx', 'a', 'b');
const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([tokens, isRest]) =>
    [...(isRest ? tokens.slice(0, -1) : tokens), ...(isRest ? ['>'] : [])].join('.'),
  );
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), pattern, target: fc.nat(4) }),
  fc.record({ do: fc.constant('remove' as const), pattern, target: fc.nat(4) }),
  fc.record({ do: fc.constant('resolve' as const), subject }),
);

describe('routes', () => {
  test('resolve a subject to exactly those whose patterns match, whoever came and left before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const routes = new Routes<number, number[]>((_, targets) => [...targets].sort());
        const wanted = new Set<string>();
        for (const each of steps) {
          if (each.do === 'resolve') {
            const expected = [...wanted]
              .map((entry) => JSON.parse(entry) as [string, number])
              .filter(([source]) => natsPattern(source).matches(each.subject))
              .map(([, target]) => target);
            expect(routes.resolve(each.subject)).toEqual([...new Set(expected)].sort());
            continue;
          }
          const entry = JSON.stringify([each.pattern, each.target]);
          if (each.do === 'add') wanted.add(entry);
          else wanted.delete(entry);
          routes[each.do](each.pattern, each.target);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('remember a subject until a pattern that may match it comes or goes', () => {
    let made = 0;
    const routes = new Routes<string, number>(() => (made += 1));
    routes.add('sensor.archive.wx.a', 'one');
    routes.resolve('sensor.archive.wx.a');
    routes.resolve('sensor.archive.wx.b');
    routes.resolve('sensor.archive.wx.a');
    expect(made).toBe(2);
    routes.add('sensor.archive.wx.c', 'two');
    routes.resolve('sensor.archive.wx.a');
    expect(made).toBe(2);
    routes.remove('sensor.archive.wx.a', 'one');
    routes.resolve('sensor.archive.wx.a');
    routes.resolve('sensor.archive.wx.b');
    expect(made).toBe(3);
    routes.add('sensor.>', 'three');
    routes.resolve('sensor.archive.wx.b');
    expect(made).toBe(4);
  });
});
