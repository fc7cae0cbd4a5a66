import { expect, test } from 'vitest';
import { createLogger } from '@katbus/bus/daemon';
import { callService, type BusConnection } from '@katbus/bus/nats';
import { STORE_SUBJECTS, wallClockUs, type ArchiveReport, type SensorReportPage } from '@katbus/protocol';
import { SqliteBackend } from '../../src/backend/sqlite/sqlite-backend.ts';
import { ReportTallies } from '../../src/report/report-tallies.ts';
import { sampleRow } from '../backend/rows.ts';
import { testConnection, testFolder, testNats, testStore } from '../store-fixture.ts';

const SENSORS = 100_000;
/**
 * That a report is there within 300 ms, also as the first call after a start, is what is wanted of a machine that has nothing else to do. Here it
 * is the processor's time of the thread that makes it and asks for it, whatever else the machine does meanwhile.
 */
const MOST_MS = 300;
/** The best of some counts: beside it the archiver reads its catalogue. */
const STARTS = 2;

const silent = { finding: 'silent', order: 'silent', limit: 1_000 } as const;

async function timed<Answer>(
  connection: BusConnection,
  subject: string,
  request: object,
): Promise<[Answer, number]> {
  const before = process.threadCpuUsage();
  const answer = (await callService(connection, subject, request)) as Answer;
  const { user, system } = process.threadCpuUsage(before);
  return [answer, (user + system) / 1000];
}

/** An archive of many sensors, of which one in ten is silent and one in ten was never seen. */
async function fill(directory: string): Promise<void> {
  const backend = await SqliteBackend.open({ directory });
  const logger = createLogger({ name: 'test', level: 'error', format: 'json' });
  const tallies = await ReportTallies.open({ backend, logger, isActive: () => true });
  const nowUs = wallClockUs();
  const addresses = Array.from({ length: SENSORS }, (_, place) => ({
    component: `m${String(place % 64).padStart(3, '0')}`,
    sensor: `receiver_${place}_temperature`,
  }));
  const attributes = addresses.map((address, place) => ({
    ...address,
    fromUs: nowUs - 1e9,
    attributes: {
      name: `${address.component}_${address.sensor}`,
      type: 'float',
      description: `number ${place}`,
    },
  }));
  for (const round of [2, 1]) {
    const samples = addresses
      .filter((_, place) => place % 10 !== 3)
      .map((address, place) => {
        const agoUs = round * 10e6 + (place % 9 === 1 ? 7_200e6 : 0) + place;
        const place9 = {
          sequence: SENSORS * (2 - round) + place + 1,
          receivedUs: nowUs - round * 1e6 + place,
        };
        return sampleRow({ ...address, timeUs: nowUs - agoUs, value: place, ...place9 });
      });
    const batch = {
      samples,
      attributes: round === 2 ? attributes : [],
      quarantine: [],
      gaps: [],
      last: undefined,
    };
    tallies.stored(batch, await backend.write(batch), []);
  }
  await tallies.close();
  await backend.close();
}

test(
  `of 100,000 sensors a report takes less than ${MOST_MS} ms, also first thing after a start`,
  { timeout: 240_000 },
  async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    await fill(directory);
    const tookMs = { sensors: [] as number[], whole: [] as number[], filtered: [] as number[] };
    for (let start = 0; start < STARTS; start++) {
      const store = await testStore(nats, { backend: 'sqlite', directory });
      const [page, pageMs] = await timed<SensorReportPage>(connection, STORE_SUBJECTS.reportSensors, silent);
      const [whole, wholeMs] = await timed<ArchiveReport>(connection, STORE_SUBJECTS.report, {});
      const filter = { filter: 'receiver_9.*_temp', limit: 100 };
      const [some, filterMs] = await timed<SensorReportPage>(
        connection,
        STORE_SUBJECTS.reportSensors,
        filter,
      );
      await store.stop();
      expect(page.sensors).toHaveLength(1_000);
      expect(page.next).toBeDefined();
      expect(whole.sensors).toMatchObject({ known: SENSORS, silent: 10_000, 'never-seen': 10_000 });
      expect(some.sensors).toHaveLength(100);
      tookMs.sensors.push(pageMs);
      tookMs.whole.push(wholeMs);
      tookMs.filtered.push(filterMs);
    }
    expect(Math.min(...tookMs.sensors)).toBeLessThan(MOST_MS);
    expect(Math.min(...tookMs.whole)).toBeLessThan(MOST_MS);
    expect(Math.min(...tookMs.filtered)).toBeLessThan(MOST_MS);
  },
);
