import type { Client, QueryOptions } from 'cassandra-driver';
import { FrameCells } from './frame-cells.ts';

/** The options of a statement whose rows are to come as {@link FrameCells}: the driver is given them for its array of rows, and hands them through. */
export interface RawRowsOptions extends QueryOptions {
  readonly rawRows: true;
}

/** What is used of the driver's insides (lib/connection.js, lib/host.js, lib/streams.js). */
interface Connection {
  readonly encoder: object;
  readonly parser: Parser;
  /** By stream id: what is under way. */
  readonly _operations: ReadonlyMap<number, { readonly request: Partial<RawRequest> }>;
}

interface Parser {
  parseRows(frame: Frame, reader: FrameReader): void;
  push(result: object): void;
}

interface Frame {
  readonly header: { readonly streamId: number };
  readonly meta: object;
  readonly flagsInfo: object;
}

/** A body that is there as a whole, and how far it has been read: up to the number of rows. */
interface FrameReader {
  readonly buf: Buffer;
  readonly offset: number;
  readInt(): number;
}

interface Pooled {
  readonly pool: { readonly connections: readonly Connection[] };
}

export interface RawRequest {
  write(encoder: object, streamId: number): Buffer;
  rawRows: true;
}

/** Has the rows of an answer come raw. The driver copies both properties when it sends a request again. */
export function askRaw(client: Client, request: object): void {
  const raw = request as RawRequest;
  const prototype = Object.getPrototypeOf(request) as RawRequest;
  raw.rawRows = true;
  raw.write = function write(encoder, streamId) {
    prepareConnection(client, encoder);
    return prototype.write.call(this, encoder, streamId);
  };
}

const prepared = new WeakSet<object>();

/** The one that a request goes out on is known by its encoder. Where it is not found, rows come as the driver makes them. */
function prepareConnection(client: Client, encoder: object): void {
  if (prepared.has(encoder)) return;
  const hosts = client.hosts.values() as unknown as readonly Pooled[];
  const connection = hosts.flatMap(({ pool }) => pool.connections).find((some) => some.encoder === encoder);
  if (connection === undefined) return;
  prepared.add(encoder);
  const { parser } = connection;
  const parseRows = parser.parseRows.bind(parser);
  parser.parseRows = (frame, reader) => {
    const { header, meta, flagsInfo: flags } = frame;
    if (connection._operations.get(header.streamId)?.request.rawRows !== true) {
      parseRows(frame, reader);
      return;
    }
    const length = reader.readInt();
    parser.push({ header, result: { rows: new FrameCells(reader.buf, reader.offset, length), meta, flags } });
  };
}
