import { PortalClient } from '@katbus/client';
import { STORE_SUBJECTS, type LatestPage } from '@katbus/protocol';
import { BusConnection, callService } from '@katbus/bus/nats';
import type { SensorTally } from './reader-messages.ts';
import type { ScaleSystem } from './system.ts';

/** The last value of every sensor that was published, by address. */
export type LastValues = ReadonlyMap<string, number>;

const SENSORS_READ_IN_FULL = 100;
const PAGE = 5_000;

/** How many sensors the archive has with another last value than the one that was published last, or not at all. */
export async function wrongLastValues(system: ScaleSystem, published: LastValues): Promise<number> {
  const connection = await BusConnection.connect({ servers: system.nats.url, name: 'scale' });
  const archived = new Map<string, unknown>();
  try {
    const components = new Set([...published.keys()].map((address) => address.split('.')[0]));
    for (const component of components) {
      let after: string | undefined;
      do {
        const request = {
          subjects: [`sensor.archive.${component}.*`],
          limit: PAGE,
          ...(after === undefined ? {} : { after }),
        };
        const answer = await callService(connection, STORE_SUBJECTS.latest, request, {
          timeoutMs: 60_000,
        });
        const page = answer as LatestPage;
        for (const { component, sensor, value } of page.samples)
          archived.set(`${component}.${sensor}`, value);
        after = page.next;
      } while (after !== undefined);
    }
  } finally {
    await connection.close();
  }
  return [...published].filter(([address, value]) => archived.get(address) !== value).length;
}

/**
 * Reads the whole history of some sensors, chosen at random, and compares it with what the client got live.
 * @returns samples that one has and the other has not
 */
export async function historyDifferences(
  system: ScaleSystem,
  published: LastValues,
  tallies: (addresses: readonly string[]) => Promise<readonly (SensorTally | null)[]>,
): Promise<{ readonly samples: number; readonly differences: number }> {
  const addresses = chosen([...published.keys()], SENSORS_READ_IN_FULL);
  const live = await tallies(addresses);
  const client = new PortalClient({
    url: `${system.portalUrl.replace('http', 'ws')}/ws`,
    requestTimeoutMs: 60_000,
  });
  let samples = 0;
  let differences = 0;
  try {
    for (const [place, sensor] of addresses.entries()) {
      const values = new Set<unknown>();
      const end = Date.now() / 1000 + 60;
      for await (const page of client.historyAll({ sensor, start: end - 7_200, end })) {
        for (const { value } of page.samples) values.add(value);
      }
      samples += values.size;
      differences += Math.abs(values.size - (live[place]?.archive ?? 0));
    }
  } finally {
    client.close();
  }
  return { samples, differences };
}

function chosen<T>(list: readonly T[], count: number): T[] {
  const each = Math.max(1, Math.floor(list.length / count));
  const first = Math.floor(Math.random() * each);
  return list.filter((_, place) => place % each === first).slice(0, count);
}
