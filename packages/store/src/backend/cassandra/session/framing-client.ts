import { Client, version, type QueryOptions } from 'cassandra-driver';
import { batchFrame, type BoundType, type PreparedBatch } from './batch-frame.ts';
import type { CqlValue } from './cql-session.ts';
import { askRaw, type RawRowsOptions } from './raw-rows.ts';

/** The only version whose insides are known here; with any other one the driver writes its frames itself. */
const KNOWN_VERSION = '4.10.0';
const PROTOCOL_V4 = 4;

/** The options of a batch whose frame is written here. The driver hands them through; it sees a batch of the first row. */
export interface FramedOptions extends QueryOptions {
  readonly framed: { readonly rows: readonly (readonly CqlValue[])[]; readonly timestampUs: number };
}

/** What is used of the driver's insides (lib/client.js, lib/requests.js, lib/encoder.js). */
interface Insides {
  _createBatchRequest(items: readonly BatchItem[], execution: Execution): Promise<BatchRequest>;
  _createExecuteRequest(
    query: string,
    queryId: Buffer,
    execution: Execution,
    params: readonly unknown[],
    meta: object,
  ): Promise<object>;
}

interface BatchItem {
  readonly query: string;
  readonly params: readonly unknown[];
  readonly queryId: Buffer;
  readonly meta: { readonly columns: readonly { readonly name: string; readonly type: BoundType }[] };
}

interface Execution {
  getRawQueryOptions(): QueryOptions | FramedOptions | RawRowsOptions;
  getConsistency(): number;
}

interface BatchRequest {
  length: number;
  write(encoder: DriverEncoder, streamId: number): Buffer;
  clone(): BatchRequest;
}

interface DriverEncoder {
  readonly protocolVersion: number;
  encode(value: unknown, type: BoundType): Buffer;
}

type BatchRequestClass = new (items: readonly BatchItem[], execution: Execution) => BatchRequest;

/** A client that writes the frames of batches with {@link FramedOptions} itself, and leaves rows of {@link RawRowsOptions} as they came. */
export class FramingClient extends Client {
  /** Whether this version of the driver is one that it can be done with. */
  static readonly isPossible =
    String(version) === KNOWN_VERSION &&
    typeof (Client.prototype as unknown as Partial<Insides>)._createBatchRequest === 'function' &&
    typeof (Client.prototype as unknown as Partial<Insides>)._createExecuteRequest === 'function';

  /** Called by the driver for each batch, after its statements were prepared. */
  async _createBatchRequest(items: readonly BatchItem[], execution: Execution): Promise<BatchRequest> {
    const insides = Client.prototype as unknown as Insides;
    const request = await insides._createBatchRequest.call(this, items, execution);
    const options = execution.getRawQueryOptions();
    return 'framed' in options ? framed(request, items[0]!, execution, options.framed) : request;
  }

  /** Called by the driver for each prepared statement that is no batch. */
  async _createExecuteRequest(
    ...[query, queryId, execution, params, meta]: Parameters<Insides['_createExecuteRequest']>
  ): Promise<object> {
    const insides = Client.prototype as unknown as Insides;
    const request = await insides._createExecuteRequest.call(this, query, queryId, execution, params, meta);
    if ('rawRows' in execution.getRawQueryOptions()) askRaw(this, request);
    return request;
  }
}

function framed(
  request: BatchRequest,
  item: BatchItem,
  execution: Execution,
  { rows, timestampUs }: FramedOptions['framed'],
): BatchRequest {
  const { queryId, meta } = item;
  const statement: PreparedBatch = {
    queryId,
    names: meta.columns.map(({ name }) => name),
    types: meta.columns.map(({ type }) => type),
  };
  const Plain = request.constructor as BatchRequestClass;
  request.write = (encoder, streamId) => {
    if (encoder.protocolVersion !== PROTOCOL_V4) {
      const plain = new Plain(
        rows.map((params) => ({ ...item, params })),
        execution,
      );
      return plain.write(encoder, streamId);
    }
    const frame = batchFrame(statement, rows, {
      streamId,
      timestampUs,
      consistency: execution.getConsistency(),
      encode: (value, type) => encoder.encode(value, type),
    });
    request.length = frame.length;
    return frame;
  };
  // Its own clone() would be the batch of the first row only, as when a node has forgotten the statement.
  request.clone = () => framed(new Plain([item], execution), item, execution, { rows, timestampUs });
  return request;
}
