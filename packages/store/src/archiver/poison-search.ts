import type { SampleRow } from '../backend/stored-sample.ts';
import type { AttributesRow, QuarantineRow, WriteBatch } from '../backend/write-batch.ts';

/** One row of a batch that the back end may be refusing. */
export type PoisonItem =
  | { readonly kind: 'sample'; readonly row: SampleRow }
  | { readonly kind: 'attributes'; readonly row: AttributesRow };

export function itemsOf({ samples, attributes }: WriteBatch): PoisonItem[] {
  return [
    ...[...samples].map((row) => ({ kind: 'sample', row }) as const),
    ...attributes.map((row) => ({ kind: 'attributes', row }) as const),
  ];
}

export function halves(items: readonly PoisonItem[]): [PoisonItem[], PoisonItem[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** A batch of nothing but these; its floor stays where it is. */
export function rowsOf(items: readonly PoisonItem[]): WriteBatch {
  return {
    samples: items.flatMap((item) => (item.kind === 'sample' ? [item.row] : [])),
    attributes: items.flatMap((item) => (item.kind === 'attributes' ? [item.row] : [])),
    quarantine: [],
    gaps: [],
  };
}

/** Of a message that is too large for the quarantine as well, so much is kept. */
const MOST_PAYLOAD = 1024 ** 2;

/** Quarantine for what refuses long rows of any kind. */
export function withShortPayloads({ quarantine, ...batch }: WriteBatch): WriteBatch {
  const shortened = quarantine.map((row) =>
    row.payload.length <= MOST_PAYLOAD
      ? row
      : {
          ...row,
          payload: row.payload.slice(0, MOST_PAYLOAD),
          text: `${row.text} (the first ${MOST_PAYLOAD} of ${row.payload.length} bytes)`,
        },
  );
  return { ...batch, quarantine: shortened };
}

/** What a batch says beside rows, and what took their place. */
export function withoutItems(
  { quarantine, gaps, floor }: WriteBatch,
  poison: readonly QuarantineRow[],
): WriteBatch {
  return { samples: [], attributes: [], quarantine: [...quarantine, ...poison], gaps, floor };
}
