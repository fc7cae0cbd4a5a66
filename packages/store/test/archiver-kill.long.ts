import { test } from 'vitest';
import { killRun, type Victim } from './kill-run.ts';

const KILLS = 20;

/** Three exactly between commit and acknowledgement, a third of the others the server. */
const VICTIMS = Array.from({ length: KILLS }, (_, place): Victim => {
  if (place % 7 === 3) return 'archiver between commit and acknowledgement';
  return place % 3 === 1 ? 'nats-server' : 'archiver';
});

test(`${KILLS} kills of archiver and nats-server at random moments under 20,000 samples/s: nothing is lost or doubled`, async () => {
  console.log(await killRun({ victims: VICTIMS, samplesASecond: 20_000, sensors: 56, mostPauseMs: 3_000 }));
});
