const SECONDS_IN = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/;

export class MalformedDurationError extends Error {
  readonly code = 'MALFORMED_DURATION';
  readonly text: string;

  constructor(text: string) {
    super(`"${text}" is no duration: write 60s, 15m, 1h, 7d, 500ms, or seconds (60)`);
    this.text = text;
    this.name = 'MalformedDurationError';
  }
}

/**
 * A span of time as people type it: `60s`, `15m`, `1h`, `7d`, `500ms`; without a unit it is seconds.
 * @returns seconds
 * @throws {MalformedDurationError} also for none at all
 */
export function parseDuration(text: string): number {
  const [, digits, unit = 's'] = DURATION.exec(text.trim()) ?? [];
  const seconds = Number(digits) * SECONDS_IN[unit as keyof typeof SECONDS_IN];
  if (digits === undefined || !(seconds > 0)) throw new MalformedDurationError(text);
  return seconds;
}
