import { createLogger } from '@katbus/bus/daemon';
import { formatAddress } from '@katbus/protocol';
import { ArchiverStatus } from '../../src/archiver/archiver-status.ts';
import { BatchWriter } from '../../src/archiver/batch-writer.ts';
import type { Backend } from '../../src/backend/backend.ts';
import { DAY_START_US } from '../backend/rows.ts';

/** A {@link BatchWriter}, and what it had to do. */
export function writerOn(backend: Backend, payload: Uint8Array = Buffer.from('raw')) {
  const quarantined: string[] = [];
  const failures: unknown[] = [];
  const status = new ArchiverStatus(createLogger({ name: 'store', level: 'error', format: 'json' }));
  const writer = new BatchWriter({
    backend,
    status,
    backOff: { firstMs: 1, mostMs: 1 },
    onFailure: (error) => failures.push(error),
    toQuarantine: (item, error) => {
      if (item.kind !== 'sample') throw new Error('no sample');
      const { timeUs } = item.row;
      quarantined.push(`${formatAddress(item.row)} ${timeUs - DAY_START_US}`);
      const text = (error as Error).message;
      const fault = { reason: 'poison', field: '(payload)', text, payload } as const;
      return Promise.resolve({ sequence: timeUs, receivedUs: timeUs, subject: 's', ...fault });
    },
  });
  return { writer, quarantined, failures, status };
}
