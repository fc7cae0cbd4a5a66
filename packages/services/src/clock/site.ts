import type { Site } from '@katbus/protocol';

export { MEERKAT } from '@katbus/protocol';

/** A site that cannot be; `field` is the one at fault. */
export class SiteError extends Error {
  readonly code = 'SITE';
  readonly field: string;

  constructor(field: string, rule: string) {
    super(`site refused: ${field} ${rule}`);
    this.field = field;
    this.name = 'SiteError';
  }
}

const LONGEST_NAME = 100;

/** @throws {SiteError} */
export function checkSite(site: Site): void {
  if (site.name.trim() === '' || site.name.length > LONGEST_NAME) {
    throw new SiteError('name', `must have 1 to ${LONGEST_NAME} characters`);
  }
  checkWithin('latitude', site.latitude, -90, 90, 'degrees, north positive');
  checkWithin('longitude', site.longitude, -180, 180, 'degrees, east positive');
  checkWithin('elevation', site.elevation, -500, 10_000, 'metres');
}

function checkWithin(field: keyof Site, value: number, least: number, most: number, unit: string): void {
  if (!(value >= least && value <= most)) throw new SiteError(field, `must be ${least} to ${most} ${unit}`);
}
