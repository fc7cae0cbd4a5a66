/** What a set of patterns asks of each place where current values are kept. */
export interface WantedValues {
  /** Patterns within `sensor.archive.>`. */
  readonly archive: readonly string[];
  /** Patterns within `sensor.normal.>`. */
  readonly normal: readonly string[];
  /** Patterns of `portal.` subjects; the stream has the last messages of those that are state. */
  readonly state: readonly string[];
  /** Components whose attributes are wanted; `all` of them. */
  readonly attributes: 'all' | readonly string[];
}

/** @param patterns valid ones, under `sensor.`, `attributes.` or `portal.` */
export function wantedValues(patterns: readonly string[]): WantedValues {
  const components = patterns.filter((pattern) => pattern.startsWith('attributes.')).map(secondToken);
  return {
    archive: withinRate(patterns, 'archive'),
    normal: withinRate(patterns, 'normal'),
    state: patterns.filter((pattern) => pattern.startsWith('portal.')),
    attributes: components.some((component) => component === '*' || component === '>')
      ? 'all'
      : [...new Set(components)],
  };
}

/** The part of patterns like `sensor.*.wx.>` that lies in one of the two sample streams. */
function withinRate(patterns: readonly string[], rate: 'archive' | 'normal'): string[] {
  const parts = new Set<string>();
  for (const pattern of patterns) {
    if (!pattern.startsWith('sensor.')) continue;
    const tokens = pattern.split('.');
    if (tokens[1] === '>') parts.add(`sensor.${rate}.>`);
    else if (tokens[1] === '*' || tokens[1] === rate)
      parts.add(['sensor', rate, ...tokens.slice(2)].join('.'));
  }
  return [...parts];
}

function secondToken(pattern: string): string {
  return pattern.split('.', 2)[1] ?? '';
}
