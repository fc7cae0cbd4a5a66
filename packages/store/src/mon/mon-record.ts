import {
  decodeFloat,
  encodeFloat,
  isToken,
  LONGEST_TOKEN,
  normalisedName,
  type Attributes,
  type SampleValue,
  type SensorAddress,
} from '@katbus/protocol';
import { monTimeUs, type FinerTimes } from './mon-time.ts';

/** A record of CTA's monitoring as one of ours. */
export interface MonSample {
  readonly address: SensorAddress;
  readonly attributes: Attributes;
  /** `server_timestamp`: with the name it is the identity. */
  readonly timeUs: number;
  /** `source_timestamp`. */
  readonly valueTimeUs: number;
  /** A list of one is a number, of type float; any other one an array, of type float[]. */
  readonly value: SampleValue;
}

/** A record that is none; `field` is the first one that is missing or wrong, `line` where it stands. */
export class MalformedMonRecordError extends Error {
  readonly code = 'MALFORMED_MON_RECORD';
  readonly field: string;
  readonly rule: string;
  readonly line: number | undefined;

  constructor(field: string, rule: string, line?: number) {
    super(`record${line === undefined ? '' : ` of line ${line}`} refused: ${field} ${rule}`);
    this.field = field;
    this.rule = rule;
    this.line = line;
    this.name = 'MalformedMonRecordError';
  }

  onLine(line: number): MalformedMonRecordError {
    return new MalformedMonRecordError(this.field, this.rule, line);
  }
}

/**
 * Reads a record as JSON: `assembly`, `name`, `server_timestamp` and `data` are required, `source_timestamp`, `serial_number`, `units` and
 * `environment` may be there. Fields as in CTA's monitoring (Incardona et al., ICALEPCS); what it does not name stays in the attributes.
 * @throws {MalformedMonRecordError} naming the field
 */
export function parseMonRecord(json: string, finer: FinerTimes): MonSample {
  // Numbers of times are read as digits: a double of seconds would lose what is finer.
  const record = parsed(
    json.replace(/("(?:server|source)_timestamp"\s*:\s*)(-?\d+(?:\.\d+)?)(?=\s*[,}])/g, '$1"$2"'),
  );
  const { assembly, name, server_timestamp, source_timestamp, data, ...rest } = record;
  const value = valueOf(data);
  const address = { component: token('assembly', assembly), sensor: token('name', name) };
  const timeUs = time('server_timestamp', server_timestamp, finer);
  return {
    address,
    timeUs,
    valueTimeUs: source_timestamp === undefined ? timeUs : time('source_timestamp', source_timestamp, finer),
    value,
    attributes: {
      ...rest,
      name: normalisedName(address),
      component: address.component,
      type: typeof value === 'object' ? 'float[]' : 'float',
      ...(assembly !== address.component && { assembly }),
      ...(name !== address.sensor && { mon_name: name }),
    },
  };
}

function parsed(json: string): Record<string, unknown> {
  let record: unknown;
  try {
    record = JSON.parse(json);
  } catch {
    throw new MalformedMonRecordError('(record)', 'is not JSON');
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new MalformedMonRecordError('(record)', 'must be a JSON object');
  const { units } = record as Record<string, unknown>;
  if (units !== undefined && typeof units !== 'string')
    throw new MalformedMonRecordError('units', 'must be a text');
  return record as Record<string, unknown>;
}

/** What a subject cannot have becomes `_`; the attributes keep how it was. */
function token(field: string, text: unknown): string {
  if (typeof text !== 'string' || text === '') throw new MalformedMonRecordError(field, 'must be a text');
  const token = text.replaceAll(/[^A-Za-z0-9_]/g, '_');
  if (!isToken(token)) throw new MalformedMonRecordError(field, `is longer than ${LONGEST_TOKEN} characters`);
  return token;
}

function time(field: string, given: unknown, finer: FinerTimes): number {
  if (typeof given !== 'string') throw new MalformedMonRecordError(field, 'must be ISO 8601 or Unix seconds');
  let timeUs: number | undefined;
  try {
    timeUs = monTimeUs(given, finer);
  } catch (error) {
    throw new MalformedMonRecordError(field, (error as RangeError).message);
  }
  if (timeUs === undefined) throw new MalformedMonRecordError(field, 'must be ISO 8601 or Unix seconds');
  return timeUs;
}

/** Doubles; `"NaN"`, `"Infinity"` and `"-Infinity"` as texts. */
function valueOf(data: unknown): SampleValue {
  if (!Array.isArray(data)) throw new MalformedMonRecordError('data', 'must be a list of numbers');
  const numbers = data.map((element: unknown, place) => {
    const number = decodeFloat(element);
    if (number === undefined) throw new MalformedMonRecordError(`data.${place}`, 'must be a number');
    return encodeFloat(number);
  });
  return numbers.length === 1 ? numbers[0]! : numbers;
}
