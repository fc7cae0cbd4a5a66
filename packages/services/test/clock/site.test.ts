import { describe, expect, it } from 'vitest';
import { checkSite, MEERKAT } from '../../src/clock/site.ts';

describe('a site', () => {
  it('passes when it can be on Earth', () => {
    expect(() => checkSite(MEERKAT)).not.toThrow();
  });

  it.each([
    ['name', { name: '  ' }],
    ['latitude', { latitude: 90.1 }],
    ['latitude', { latitude: NaN }],
    ['longitude', { longitude: 338.6 }],
    ['elevation', { elevation: -7000 }],
  ])('is refused with the field %s named for %o', (field, wrong) => {
    expect(() => checkSite({ ...MEERKAT, ...wrong })).toThrow(
      expect.objectContaining({ code: 'SITE', field, message: expect.stringContaining(field) as string }),
    );
  });
});
