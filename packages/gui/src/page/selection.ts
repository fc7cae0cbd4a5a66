/** The spans of time that a plot may show. */
export const SPANS = [
  { name: '15min', label: '15 min', seconds: 900 },
  { name: '1h', label: '1 h', seconds: 3_600 },
  { name: '6h', label: '6 h', seconds: 21_600 },
  { name: '24h', label: '24 h', seconds: 86_400 },
] as const;
export type Span = (typeof SPANS)[number];

export const DEFAULT_SPAN: Span = SPANS[1];

/** What the address of the page says: `#host.cpu_load`, or `#host.cpu_load/6h`. */
export interface Selection {
  readonly sensor: string | undefined;
  readonly span: Span;
}

export function parseSelection(hash: string): Selection {
  const [sensor = '', spanName] = hash.replace(/^#/, '').split('/');
  const span = SPANS.find(({ name }) => name === spanName) ?? DEFAULT_SPAN;
  return { sensor: /^[A-Za-z0-9_]+\.[A-Za-z0-9_]+$/.test(sensor) ? sensor : undefined, span };
}

export function formatSelection({ sensor, span }: Selection): string {
  if (sensor === undefined) return '';
  return span === DEFAULT_SPAN ? `#${sensor}` : `#${sensor}/${span.name}`;
}
