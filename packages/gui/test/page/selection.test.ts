import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SPAN, formatSelection, parseSelection, SPANS } from '../../src/page/selection.ts';

describe('selection', () => {
  it('is what was written into the address', () => {
    const sensor = fc.option(fc.stringMatching(/^[A-Za-z0-9_]{1,20}\.[A-Za-z0-9_]{1,20}$/), {
      nil: undefined,
    });
    fc.assert(
      fc.property(sensor, fc.constantFrom(...SPANS), (address, span) => {
        const read = parseSelection(formatSelection({ sensor: address, span }));
        expect(read).toEqual({ sensor: address, span: address === undefined ? DEFAULT_SPAN : span });
      }),
    );
  });

  it('is nothing where the address names no sensor, and an hour where it names no span', () => {
    for (const hash of ['', '#', '#host', '#host.', '#<b>.x', '#a.b.c', '#%20']) {
      expect(parseSelection(hash).sensor).toBeUndefined();
    }
    expect(parseSelection('#host.load/7w')).toEqual({ sensor: 'host.load', span: DEFAULT_SPAN });
  });
});
