import { LoopTurns } from '@katbus/bus/daemon';
import { decodeFloat, STATUSES, type Attributes, type Sample } from '@katbus/protocol';
import type { SensorWatch } from './sensor-watch.ts';

/** Version 0.0.4 of Prometheus' text format. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The metrics, in the order in which they are written; PROTOCOL.md, "Sensors for Prometheus". */
const FAMILIES = {
  katbus_sensor_value: 'Current value of a sensor: of a boolean 0 or 1',
  katbus_sensor_status: `Status of the current sample, best first: ${STATUSES.map((status, place) => `${place} ${status}`).join(', ')}`,
  katbus_sensor_timestamp_seconds: 'When the current value was read at its source, Unix time',
  katbus_sensor_state: 'Whether a discrete sensor is in this state',
  katbus_sensor_info: 'Text of a sensor, cut off after 128 characters; always 1',
  katbus_sensors_incomplete: 'Whether some current values could not be read',
} as const;
type Family = keyof typeof FAMILIES;

/** States of one sensor that are written; the current one always is. */
const MOST_STATES = 32;
const LONGEST_TEXT = 128;
/** Characters of a piece of the answer. */
const PIECE_CHARACTERS = 64 * 1024;

/** The current values of a watch in Prometheus' text format, in pieces, made in turns. */
export async function exposition(
  { samples, attributes, incomplete }: Pick<SensorWatch, 'samples' | 'attributes' | 'incomplete'>,
  turns = new LoopTurns(),
): Promise<string[]> {
  const lines = new Map<Family, string[]>((Object.keys(FAMILIES) as Family[]).map((family) => [family, []]));
  const add: AddLine = (family, labels, value) =>
    void lines.get(family)?.push(`${family}${labelText(labels)} ${numberText(value)}\n`);
  add('katbus_sensors_incomplete', {}, incomplete === undefined ? 0 : 1);
  for (const [key, { json }] of samples) {
    if (turns.isOver) await turns.next();
    const dot = key.indexOf('.');
    const address = { component: key.slice(0, dot), sensor: key.slice(dot + 1) };
    addSample(add, address, JSON.parse(json) as Sample, attributes.get(key));
  }
  const pieces: string[] = [];
  for (const [family, all] of lines) {
    if (all.length === 0) continue;
    let piece = `# HELP ${family} ${FAMILIES[family]}\n# TYPE ${family} gauge\n`;
    for (const line of all) {
      piece += line;
      if (piece.length < PIECE_CHARACTERS) continue;
      pieces.push(piece);
      piece = '';
    }
    pieces.push(piece);
  }
  return pieces;
}

type Labels = Readonly<Record<string, string>>;
type AddLine = (family: Family, labels: Labels, value: number) => void;

function addSample(add: AddLine, address: Labels, sample: Sample, attributes: Attributes | undefined): void {
  const { value, value_ts, status } = sample;
  const { type, units = '', params } = attributes ?? {};
  add('katbus_sensor_status', address, STATUSES.indexOf(status));
  add('katbus_sensor_timestamp_seconds', address, value_ts);
  if (typeof value === 'boolean' || typeof value === 'number') {
    add('katbus_sensor_value', { ...address, units }, Number(value));
  } else if (typeof value === 'string') {
    // A text sensor may well say "NaN".
    const number = type === undefined || type === 'float' ? decodeFloat(value) : undefined;
    if (number !== undefined) add('katbus_sensor_value', { ...address, units }, number);
    else if (type === 'discrete' || type === 'lru')
      for (const state of statesOf(value, type, params))
        add('katbus_sensor_state', { ...address, state }, state === value ? 1 : 0);
    else add('katbus_sensor_info', { ...address, text: cut(value) }, 1);
  }
}

function statesOf(current: string, type: string, params: Attributes['params']): Iterable<string> {
  const declared =
    type === 'lru' ? ['nominal', 'error'] : Array.isArray(params) ? (params as readonly unknown[]) : [];
  const texts = declared.filter((state) => typeof state === 'string').slice(0, MOST_STATES - 1);
  return new Set([...texts, current]);
}

/** A pair of surrogates that is cut apart would be no UTF-8. */
function cut(text: string): string {
  return text.slice(0, LONGEST_TEXT).toWellFormed();
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll(/[\\"\n]/g, (character) => ESCAPES[character] ?? '')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
