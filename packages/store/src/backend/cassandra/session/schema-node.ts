import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Host } from 'cassandra-driver';

const AGREED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

/**
 * The node that is told to change the schema: the same one for all who ask. Two nodes that make one table at the same moment make two of it, and the
 * others cannot agree which; one does it once.
 */
export function schemaNode(client: Client): Host | undefined {
  const { localDataCenter } = (client as unknown as { options: { localDataCenter?: string } }).options;
  const hosts = client.hosts.values().filter((host) => host.datacenter === localDataCenter && host.isUp());
  return hosts.toSorted((a, b) => (a.address < b.address ? -1 : 1))[0];
}

/** What the driver's types leave out. */
interface SchemaMetadata {
  checkSchemaAgreement(): Promise<boolean>;
}

/** Waits until all nodes know the same schema, or for as long as that may take: what was made is asked for at any of them. */
export async function schemaAgreed(client: Client): Promise<void> {
  const metadata = client.metadata as unknown as SchemaMetadata;
  const untilMs = performance.now() + AGREED_WITHIN_MS;
  // Those that are down hear of it when they come.
  while (client.hosts.length > 1 && client.hosts.values().every((host) => host.isUp())) {
    if ((await metadata.checkSchemaAgreement()) || performance.now() > untilMs) return;
    await delay(LOOK_EVERY_MS);
  }
}
