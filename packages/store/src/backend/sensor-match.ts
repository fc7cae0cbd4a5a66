import {
  natsPattern,
  normalisedName,
  regularExpression,
  sensorSubject,
  type Attributes,
  type Pattern,
  type SensorAddress,
} from '@katbus/protocol';
import type { CatalogueQuery } from './backend.ts';

/** By component, then sensor: the order of every list. Tokens are ASCII, so this is also SQLite's order of bytes. */
export function compareAddresses(a: SensorAddress, b: SensorAddress): number {
  if (a.component !== b.component) return a.component < b.component ? -1 : 1;
  if (a.sensor === b.sensor) return 0;
  return a.sensor < b.sensor ? -1 : 1;
}

/** The KATCP name that attributes give; undefined when they give none. */
export function katcpName(attributes: Attributes | undefined): string | undefined {
  return attributes?.katcp_name;
}

/**
 * Which sensors a catalogue query asks for.
 * @throws {MalformedPatternError}
 */
export function catalogueMatcher({
  component,
  filter,
}: CatalogueQuery): (address: SensorAddress, katcpName: string | undefined) => boolean {
  const expression = filter === undefined ? undefined : regularExpression(filter);
  return (address, katcp) => {
    if (component !== undefined && address.component !== component) return false;
    if (expression === undefined || expression.matches(normalisedName(address))) return true;
    return katcp !== undefined && expression.matches(katcp);
  };
}

/**
 * Which sensors some NATS patterns over archive subjects mean.
 * @throws {MalformedPatternError}
 */
export function subjectMatcher(subjects: readonly string[]): (address: SensorAddress) => boolean {
  const literals = new Set<string>();
  const wild: Pattern[] = [];
  for (const source of subjects) {
    const pattern = natsPattern(source);
    if (pattern.literal === undefined) wild.push(pattern);
    else literals.add(pattern.literal);
  }
  return (address) => {
    const subject = sensorSubject('archive', address);
    return literals.has(subject) || wild.some((pattern) => pattern.matches(subject));
  };
}
