import { SqliteBackend } from '../../../src/backend/sqlite/sqlite-backend.ts';
import { crashBatch } from './crash-batch.ts';

// A process for the crash tests to kill: writes batch after batch into the directory of its argument, from the floor on, and prints the
// number of each one when its write has resolved.
const backend = await SqliteBackend.open({ directory: process.argv[2]!, foldAtBytes: 64 * 1024 });
let sequence = ((await backend.floor())?.sequence ?? 0) + 1;
for (;;) {
  await backend.write(crashBatch(sequence));
  process.stdout.write(`${sequence}\n`);
  sequence++;
}
