import { listSubject, type ListingChunk } from '@katbus/protocol';
import { discoverServices, type BusConnection } from './nats/index.ts';

/** What the components on the bus have told of their sensors. */
export interface KnownSensors {
  /** KATCP names. */
  readonly names: readonly string[];
  /** Components that are there and did not answer. */
  readonly absent: readonly string[];
}

const ANSWER_WITHIN_MS = 2_000;
const WHOLE_LISTING_MS = 60_000;

/** Asks every component for its sensors. @throws {DisconnectedError} */
export async function knownSensors(connection: BusConnection): Promise<KnownSensors> {
  const services = await discoverServices(connection);
  const components = new Set(
    services.filter(({ metadata }) => metadata.katbus === 'component').map(({ name }) => name),
  );
  const names: string[] = [];
  const absent: string[] = [];
  for (const component of components) {
    const listed = await sensorsOf(connection, component);
    if (listed === undefined) absent.push(component);
    else names.push(...listed);
  }
  return { names, absent };
}

/** @returns undefined when the listing did not come to its end */
async function sensorsOf(connection: BusConnection, component: string): Promise<string[] | undefined> {
  const names: string[] = [];
  let isComplete = false;
  try {
    await connection.requestMany(listSubject(component), '', {
      stallMs: ANSWER_WITHIN_MS,
      totalMs: WHOLE_LISTING_MS,
      onMessage: ({ data }) => {
        const { sensors = [], last } = JSON.parse(Buffer.from(data).toString()) as Partial<ListingChunk>;
        for (const { sensor, attributes } of sensors) {
          names.push(attributes.katcp_name ?? `${component}.${sensor}`);
        }
        isComplete ||= last === true;
      },
      isLast: () => isComplete,
    });
  } catch {
    return undefined;
  }
  return isComplete ? names : undefined;
}
