import { Registry } from 'prom-client';
import { Broker } from '@katbus/bus';
import { createLogger } from '@katbus/bus/daemon';
import { PortalClient } from '@katbus/client';
import { Portal } from '@katbus/portal';
import { ARCHIVER_DEFAULTS, startStore } from '@katbus/store';
import { temporaryFolder } from './temporary-folder.ts';
import { startTestNats, type TestNats } from './test-nats.ts';

/** The whole of Katbus in this process, but for nats-server: what a test needs that follows a sample from end to end. */
export interface LiveSystem extends AsyncDisposable {
  readonly nats: TestNats;
  readonly portalUrl: string;
  join(component: string): Promise<Broker>;
  client(): PortalClient;
  /** A counter or gauge as Prometheus would read it; all its labels must be as given. 0 when it is not there. */
  metric(
    daemon: 'portal' | 'store',
    name: string,
    labels?: Readonly<Record<string, string>>,
  ): Promise<number>;
}

export async function startLiveSystem(): Promise<LiveSystem> {
  const stack = new AsyncDisposableStack();
  const nats = stack.use(await startTestNats());
  const folder = stack.use(await temporaryFolder('live-system'));
  const logger = createLogger({ name: 'test', level: 'error', format: 'text' });
  const registries = { store: new Registry(), portal: new Registry() };
  const store = await startStore(
    {
      nats: nats.url,
      backend: 'sqlite',
      directory: folder.path,
      archiver: { ...ARCHIVER_DEFAULTS, maxDelayMs: 100 },
      setup: { settings: {}, monitoringUrl: nats.monitoringUrl },
    },
    { logger, registry: registries.store },
  );
  stack.defer(() => store.stop());
  const portal = await Portal.start({ nats: nats.url, logger, registry: registries.portal, port: 0 });
  stack.defer(() => portal.stop());
  const host = `127.0.0.1:${portal.port}`;
  return {
    nats,
    portalUrl: `http://${host}`,
    join: async (component) => {
      const broker = await Broker.connect({ component, servers: nats.url });
      stack.defer(() => broker.close());
      return broker;
    },
    client: () => {
      const client = new PortalClient({ url: `ws://${host}/ws` });
      stack.defer(() => client.close());
      return client;
    },
    metric: async (daemon, name, labels = {}) => {
      const metric = await registries[daemon].getSingleMetric(`katbus_${daemon}_${name}`)?.get();
      const fits = (found: object) =>
        Object.entries(labels).every(([label, text]) => found[label as never] === text);
      return (metric?.values ?? [])
        .filter((value) => fits(value.labels))
        .reduce((sum, { value }) => sum + value, 0);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
