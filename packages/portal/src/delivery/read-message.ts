import {
  addressOfAttributes,
  checkSample,
  formatAddress,
  MalformedAttributesError,
  MalformedSampleError,
  parseAttributes,
  parseAttributesSubject,
  parseSample,
  parseSensorSubject,
  toMicroseconds,
} from '@katbus/protocol';
import type { RoutedSensor } from './destinations.ts';
import { Publication, type PublicationKind } from './publication.ts';

/** Which kind of message a subject carries, by its first token; undefined: none that a client may have. */
export function kindOf(subject: string): PublicationKind | undefined {
  if (subject.startsWith('sensor.')) return 'sample';
  if (subject.startsWith('attributes.')) return 'attributes';
  return subject.startsWith('portal.') ? 'message' : undefined;
}

/** A message on a subject that clients may have, which its publisher should not have sent. */
export class MalformedMessageError extends Error {
  readonly code = 'MALFORMED_MESSAGE';
  readonly kind: PublicationKind;

  constructor(kind: PublicationKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.name = 'MalformedMessageError';
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one message of the bus: one publication, or several when attributes come as an array.
 * @param nowUs microseconds since 1970
 * @param sensor the subject's, when it is known already
 * @throws {MalformedMessageError}
 */
export function readMessage(
  subject: string,
  data: Uint8Array,
  nowUs: number,
  sensor?: RoutedSensor,
): Publication[] {
  const kind = kindOf(subject) ?? 'message';
  try {
    // A byte order mark is left away here; the rest travels on as it came.
    const json = decoder.decode(data);
    if (kind === 'sample') return [readSample(subject, json, nowUs, sensor)];
    if (kind === 'attributes') return readAttributes(subject, json);
    JSON.parse(json);
    return [new Publication('message', subject, `message ${subject}`, json)];
  } catch (error) {
    throw new MalformedMessageError(kind, faultOf(error), { cause: error });
  }
}

function readSample(
  subject: string,
  json: string,
  nowUs: number,
  known: RoutedSensor | undefined,
): Publication {
  const address = known?.address ?? parseSensorSubject(subject);
  if (address === undefined) throw new MalformedSampleError('(subject)', 'is not that of a sensor');
  const sample = parseSample(json);
  checkSample(sample, address, nowUs);
  return new Publication(
    'sample',
    subject,
    known?.key ?? formatAddress(address),
    json,
    toMicroseconds(sample.time),
  );
}

function readAttributes(subject: string, json: string): Publication[] {
  const component = parseAttributesSubject(subject);
  if (component === undefined) throw new MalformedAttributesError('(subject)', 'is not that of a component');
  return parseAttributes(json).map((attributes) => {
    const key = `attributes ${formatAddress(addressOfAttributes(attributes, component))}`;
    return new Publication('attributes', subject, key, JSON.stringify(attributes));
  });
}

function faultOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is not JSON';
  if (error instanceof TypeError) return 'it is not UTF-8';
  return error instanceof Error ? error.message : String(error);
}
