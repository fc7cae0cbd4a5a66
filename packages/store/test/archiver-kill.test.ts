import { test } from 'vitest';
import { killRun } from './kill-run.ts';

test('archiver and nats-server killed under 20,000 samples/s, once exactly between commit and acknowledgement: nothing is lost or doubled', async () => {
  console.log(
    await killRun({
      victims: ['archiver', 'nats-server', 'archiver between commit and acknowledgement', 'archiver'],
      samplesASecond: 20_000,
      sensors: 28,
      mostPauseMs: 500,
    }),
  );
}, 240_000);
