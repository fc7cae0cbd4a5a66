import type { GapNotification } from '@katbus/protocol';
import type { Encoding, Publication, PublicationKind } from '../delivery/publication.ts';
import type { SnapshotPage } from '../delivery/snapshot-pages.ts';
import { textFrame } from './frame.ts';

/** The field in which each kind of message travels. */
const FIELDS: Readonly<Record<PublicationKind, string>> = {
  sample: 'sample',
  attributes: 'attributes',
  message: 'message',
};

/** The native protocol's notifications as websocket frames. Payloads are checked JSON: they are copied as text, never serialised anew. */
export const nativeEncoding: Encoding = {
  encode: (publication, skipped, isRepeat) =>
    textFrame(notification(publication.kind, entry(publication, skipped, isRepeat))),
};

export function sensorAddedFrame({ key }: Publication): Buffer {
  const dot = key.indexOf('.');
  return textFrame(
    notification('sensorAdded', `{"component":"${key.slice(0, dot)}","sensor":"${key.slice(dot + 1)}"}`),
  );
}

export function gapFrame(gap: GapNotification): Buffer {
  return textFrame(notification('gap', JSON.stringify(gap)));
}

export function pageFrame({ id, entries, last, incomplete }: SnapshotPage): Buffer {
  const of = (kind: PublicationKind) =>
    entries
      .filter((publication) => publication.kind === kind)
      .map((publication) => entry(publication, 0, false))
      .join(',');
  const attributes = of('attributes');
  const parts = [`"id":${id}`, `"samples":[${of('sample')}]`, `"messages":[${of('message')}]`];
  if (attributes !== '') parts.push(`"attributes":[${attributes}]`);
  parts.push(`"last":${last}`);
  if (incomplete !== undefined) parts.push(`"incomplete":${JSON.stringify(incomplete)}`);
  return textFrame(notification('snapshot', `{${parts.join(',')}}`));
}

function entry({ kind, subject, json, isStale }: Publication, skipped: number, isRepeat: boolean): string {
  const tail = `${skipped > 0 ? `,"skipped":${skipped}` : ''}${isRepeat ? ',"repeat":true' : ''}${isStale ? ',"stale":true' : ''}}`;
  return `{"subject":${JSON.stringify(subject)},"${FIELDS[kind]}":${json}${tail}`;
}

function notification(method: string, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;
}
