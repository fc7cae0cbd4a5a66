import { afterEach, beforeEach } from 'vitest';
import { PortalClient, type PortalClientOptions } from '../src/index.ts';
import { FaultPortal } from './fault-portal.ts';

export interface PortalAndClients {
  /** A fresh one for each test. */
  readonly portal: FaultPortal;
  /** A client that reconnects quickly; it is closed after the test. */
  connect(options?: Partial<PortalClientOptions>): PortalClient;
  /** After `portal.stop()`: a new one on the same port. */
  startAgain(): Promise<void>;
}

export function usePortal(): PortalAndClients {
  let portal: FaultPortal;
  const clients: PortalClient[] = [];

  beforeEach(async () => {
    portal = await FaultPortal.start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await portal.stop();
  });

  return {
    get portal() {
      return portal;
    },
    connect: (options = {}) => {
      const client = new PortalClient({ url: portal.url, firstDelayMs: 20, longestDelayMs: 100, ...options });
      clients.push(client);
      return client;
    },
    startAgain: async () => {
      portal = await FaultPortal.start(portal.port);
    },
  };
}
