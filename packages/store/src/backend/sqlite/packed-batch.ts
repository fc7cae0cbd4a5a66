import type { SensorAddress } from '@katbus/protocol';
import { SampleBatch } from '../sample-batch.ts';
import type { GapRow, QuarantineRow, StreamFloor, WriteBatch } from '../write-batch.ts';
import { copyColumns, packSamples, type SampleColumns } from '../sample-columns.ts';
import type { SensorNumbers } from '../sensor-numbers.ts';

/** A WriteBatch as it crosses to the writing thread. */
export interface PackedBatch {
  /** Sensors that have got their number since the batch before; numbers go on from there. */
  readonly newSensors: readonly SensorAddress[];
  readonly samples: SampleColumns;
  readonly attributes: readonly PackedAttributes[];
  readonly quarantine: readonly QuarantineRow[];
  readonly gaps: readonly GapRow[];
  readonly floor: StreamFloor | undefined;
}

export interface PackedAttributes {
  readonly sensor: number;
  readonly fromUs: number;
  readonly json: string;
  readonly katcpName: string | undefined;
}

export function packBatch(batch: WriteBatch, numbers: SensorNumbers): PackedBatch {
  const samples =
    batch.samples instanceof SampleBatch
      ? copyColumns(batch.samples, numbers)
      : packSamples(batch.samples, (sample) => numbers.numberOf(sample));
  const attributes = batch.attributes.map((row) => ({
    sensor: numbers.numberOf(row),
    fromUs: row.fromUs,
    json: JSON.stringify(row.attributes),
    katcpName: row.attributes.katcp_name,
  }));
  const { quarantine, gaps, floor } = batch;
  return { newSensors: numbers.takeFresh(), samples, attributes, quarantine, gaps, floor };
}
