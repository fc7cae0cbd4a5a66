/** What an acknowledgement of JetStream is worth when the power fails. */
export interface Durability {
  /** How often the server syncs its files to disk; undefined when it could not be asked. */
  readonly syncIntervalMs: number | 'always' | undefined;
  /** One sentence for the log. */
  readonly text: string;
  /** Where the server keeps its streams, a path on its own machine; undefined when it did not tell. */
  readonly storeDirectory: string | undefined;
}

export const DURABILITY_TIMEOUT_MS = 2_000;

/**
 * Asks the server's HTTP monitoring. The client protocol does not tell, so without a monitoring URL it stays unknown. Never throws.
 * @param monitoringUrl as `http://127.0.0.1:8222`
 */
export async function readDurability(monitoringUrl: string | undefined): Promise<Durability> {
  if (monitoringUrl === undefined) return unknown('no monitoring URL is given');
  try {
    const url = new URL('/jsz?config=1', monitoringUrl);
    const response = await fetch(url, { signal: AbortSignal.timeout(DURABILITY_TIMEOUT_MS) });
    if (!response.ok) return unknown(`${url.href} answers ${response.status}`);
    const { config } = (await response.json()) as {
      config?: { sync_always?: boolean; sync_interval?: number; store_dir?: string };
    };
    const storeDirectory = config?.store_dir;
    if (config?.sync_always === true) {
      return {
        syncIntervalMs: 'always',
        text: 'NATS syncs each message to disk before it acknowledges: a power failure costs nothing that was acknowledged',
        storeDirectory,
      };
    }
    if (config?.sync_interval === undefined) return unknown(`${url.href} does not tell`, storeDirectory);
    const syncIntervalMs = config.sync_interval / 1e6;
    return {
      syncIntervalMs,
      text:
        `NATS syncs its files to disk every ${syncIntervalMs / 1000} s: a power failure or a crash of the operating system may cost ` +
        `what was acknowledged within that time, a crash of nats-server alone costs nothing`,
      storeDirectory,
    };
  } catch (error) {
    return unknown(`${monitoringUrl}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function unknown(why: string, storeDirectory?: string): Durability {
  return {
    syncIntervalMs: undefined,
    text: `how often NATS syncs its files to disk is unknown (${why}); its own default is every 2 minutes`,
    storeDirectory,
  };
}
