import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { formatAddress, parseAddress, type SensorAddress } from '@katbus/protocol';
import { TALLY_DOUBLES } from './sensor-tally.ts';

/**
 * A part of the sensors' tallies as it lies in the back end: one zstd frame of a line of JSON, which says what follows, and doubles,
 * little-endian: a row of each sensor in the order of the line, then when each was announced.
 */
export interface SensorPart {
  /** The newest message of the stream that is counted. */
  readonly throughUs: number;
  readonly addresses: readonly SensorAddress[];
  readonly announcedUs: Float64Array;
  readonly rows: Float64Array;
}

interface Head {
  readonly version: number;
  /** null: nothing was counted. */
  readonly throughUs: number | null;
  readonly sensors: readonly string[];
}

/** A reader of another version begins to count anew. */
const VERSION = 1;
const PARAMETERS = { [constants.ZSTD_c_compressionLevel]: 1 };
const NEWLINE = 10;
const PREFIX = 'sensors-';

export class TallyPartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TallyPartError';
  }
}

export function sensorPartName(part: number): string {
  return `${PREFIX}${part}`;
}

export function isSensorPart(name: string): boolean {
  return name.startsWith(PREFIX);
}

export function encodeTallyPart({ throughUs, addresses, announcedUs, rows }: SensorPart): Uint8Array {
  const sensors = addresses.map(formatAddress);
  const head = Buffer.from(`${JSON.stringify({ version: VERSION, throughUs, sensors } satisfies Head)}\n`);
  return zstdCompressSync(Buffer.concat([head, bytesOf(rows), bytesOf(announcedUs)]), { params: PARAMETERS });
}

/** @throws {TallyPartError} it is damaged, or of another version */
export function decodeTallyPart(data: Uint8Array): SensorPart {
  try {
    const bytes = zstdDecompressSync(data);
    const headEnd = bytes.indexOf(NEWLINE);
    const { version, throughUs, sensors } = JSON.parse(bytes.toString('utf8', 0, headEnd)) as Head;
    if (version !== VERSION) throw new Error(`it has version ${version}, known is ${VERSION}`);
    // A copy begins where doubles may.
    const doubles = new Float64Array(Uint8Array.from(bytes.subarray(headEnd + 1)).buffer);
    const inRows = sensors.length * TALLY_DOUBLES;
    if (doubles.length !== inRows + sensors.length) throw new Error('it is cut short');
    return {
      throughUs: throughUs ?? -Infinity,
      addresses: sensors.map(parseAddress),
      rows: doubles.subarray(0, inRows),
      announcedUs: doubles.subarray(inRows),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TallyPartError(`a part of the tallies cannot be read: ${reason}`, { cause: error });
  }
}

function bytesOf(doubles: Float64Array): Uint8Array {
  return new Uint8Array(doubles.buffer, doubles.byteOffset, doubles.byteLength);
}
