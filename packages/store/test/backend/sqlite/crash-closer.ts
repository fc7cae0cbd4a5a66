import { SqliteBackend } from '../../../src/backend/sqlite/sqlite-backend.ts';
import { DAY_START_US } from '../rows.ts';
import { crashBatch } from './crash-batch.ts';

// As crash-writer.ts; meanwhile it closes both days again and again, so that each kill meets a closing. Few rows fit into memory: most go
// through the disk.
const backend = await SqliteBackend.open({
  directory: process.argv[2]!,
  foldAtBytes: 64 * 1024,
  closingRows: 500,
  closingShare: 1,
});
const today = DAY_START_US / 86_400e6;
let closings = 0;
void (async () => {
  for (;;) {
    for (const day of [today - 1, today]) if ((await backend.closeDay(day)) !== undefined) closings++;
  }
})();
let sequence = ((await backend.floor())?.sequence ?? 0) + 1;
for (;;) {
  await backend.write(crashBatch(sequence));
  // The number of closings stands in front: the last word of a line is the batch.
  process.stdout.write(`${closings} ${sequence}\n`);
  sequence++;
}
