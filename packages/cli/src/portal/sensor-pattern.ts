import { formatAddress, parseAddress } from '@katbus/protocol';

const ROOTS = ['sensor', 'attributes', 'portal'];
const WILDCARD = /(?:^|\.)[*>](?:\.|$)/;

/**
 * The NATS pattern for what a person types: `host.*`, `host.cpu_load` and a KATCP name mean the sensor's samples at both
 * rates; what begins with `sensor.`, `attributes.` or `portal.` is taken as it is.
 * @throws {MalformedNameError} when it is neither
 */
export function sensorPattern(text: string): string {
  if (ROOTS.includes(text.split('.', 1)[0] ?? '')) return text;
  if (text === '>' || text === '*') return 'sensor.>';
  return `sensor.*.${WILDCARD.test(text) ? text : formatAddress(parseAddress(text))}`;
}
