import type { Attributes } from '@katbus/protocol';
import type { ColumnBlock } from '../../column-block.ts';
import type { LayoutBatch, LayoutSensor } from '../layout.ts';
import type { CellPage } from '../session/cell-page.ts';
import type { CqlValue } from '../session/cql-session.ts';
import type { Bucket } from './bucket.ts';

/** A table with one row a sample: what differs between the layouts `rows` and `mon`. */
export interface SampleTable {
  /** `CREATE TABLE IF NOT EXISTS ...`, without its options. */
  readonly create: string;

  /** Writes a row: {@link valuesOf} are what it binds. */
  readonly insert: string;
  /** @param receivedUs its write timestamp, so that writing it again later changes nothing @throws {StoreError} REFUSED */
  valuesOf(
    batch: LayoutBatch,
    row: number,
    sensor: LayoutSensor,
    bucket: Bucket,
    receivedUs: number,
  ): CqlValue[];
  /** About the bytes that a row adds to a batch, as Cassandra counts them. */
  bytesOf(batch: LayoutBatch, row: number): number;

  /** Rows of a partition with two times after its key, ascending: `t >= ? AND t < ?`. */
  readonly select: string;
  /** The last row of a partition before a time. */
  readonly selectLast: string;
  keyOf(sensor: LayoutSensor, bucket: Bucket): CqlValue[];
  /** The same as nodes hash it: who has a partition follows from that. */
  keyBytesOf(sensor: LayoutSensor, bucket: Bucket): Uint8Array;
  /** Rows of one of the two. */
  toBlock(cells: CellPage): ColumnBlock;

  /** What a partition says of its sensor, once for all rows; absent: nothing. */
  readonly description?: PartitionDescription | undefined;
}

export interface PartitionDescription {
  /** Binds a partition's key, then what {@link textsOf} says. */
  readonly insert: string;
  /** null: what was there goes. */
  textsOf(attributes: Attributes): readonly (string | null)[];
}

/** A partition key of several columns (Cassandra's CompositeType): each with its length before and a zero behind. */
export function compositeKey(...parts: readonly (number | string)[]): Uint8Array {
  const columns = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : bigintBytes(part)));
  return Buffer.concat(
    columns.flatMap((bytes) => [Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes, Buffer.of(0)]),
  );
}

export function bigintBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
