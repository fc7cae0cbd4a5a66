import { createLogger } from '@katbus/bus/daemon';
import { BusConnection, setupStreams } from '@katbus/bus/nats';
import { encodeSample, normalisedName, wallClockUs, type SampleValue } from '@katbus/protocol';
import { Portal, type PortalOptions } from '@katbus/portal';
import { Registry } from 'prom-client';
import { startTestNats, type TestNats } from '../../../../test/support/test-nats.ts';
import { TestClient } from './test-client.ts';

export interface TestPortalOptions extends Partial<PortalOptions> {
  /** Whether the streams are made; default true. */
  readonly hasStreams?: boolean;
}

/** A portal with its own nats-server, and a connection on which a test is the components. */
export class TestPortal {
  nats: TestNats;
  readonly bus: BusConnection;
  readonly portal: Portal;
  readonly registry: Registry;
  readonly #clients: TestClient[] = [];
  #lastUs = 0;

  private constructor(nats: TestNats, bus: BusConnection, portal: Portal, registry: Registry) {
    this.nats = nats;
    this.bus = bus;
    this.portal = portal;
    this.registry = registry;
  }

  static async start({ hasStreams = true, ...options }: TestPortalOptions = {}): Promise<TestPortal> {
    const nats = await startTestNats();
    const bus = await BusConnection.connect({ servers: nats.url, name: 'test' });
    if (hasStreams) await setupStreams(bus);
    const registry = new Registry();
    const logger = createLogger({ name: 'portal', level: 'error', format: 'text' });
    const portal = await Portal.start({ nats: nats.url, logger, registry, port: 0, ...options });
    return new TestPortal(nats, bus, portal, registry);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.portal.port}/ws`;
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.portal.port}`;
  }

  async client(): Promise<TestClient> {
    const client = await TestClient.connect(this.url);
    this.#clients.push(client);
    return client;
  }

  /** A sample as the broker would make it, not acknowledged. @returns its time in microseconds */
  publish(sensor: string, value: SampleValue, options: PublishOptions = {}): number {
    const { component = 'wx', rate = 'archive', headers } = options;
    const timeUs = options.timeUs ?? this.nextTimeUs();
    const name = normalisedName({ component, sensor });
    const data = encodeSample(name, timeUs, timeUs, 'nominal', value);
    this.bus.publish(`sensor.${rate}.${component}.${sensor}`, data, { headers });
    return timeUs;
  }

  /** The same, resolved when the stream has it. */
  async store(sensor: string, value: SampleValue, options: PublishOptions = {}): Promise<number> {
    const { component = 'wx', rate = 'archive' } = options;
    const timeUs = options.timeUs ?? this.nextTimeUs();
    const name = normalisedName({ component, sensor });
    const data = encodeSample(name, timeUs, timeUs, 'nominal', value);
    await this.bus.request(`sensor.${rate}.${component}.${sensor}`, data);
    return timeUs;
  }

  nextTimeUs(): number {
    this.#lastUs = Math.max(wallClockUs(), this.#lastUs + 1);
    return this.#lastUs;
  }

  /** The value of a metric without its prefix, or with one label: `closes_total{code="1009"}`. */
  async metric(name: string): Promise<number> {
    const line = (await this.registry.metrics())
      .split('\n')
      .find((each) => each.startsWith(`katbus_portal_${name} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  async stop(): Promise<void> {
    for (const { websocket } of this.#clients) websocket.terminate();
    await this.portal.stop();
    await this.bus.close();
    await this.nats.stop();
  }
}

export interface PublishOptions {
  readonly component?: string;
  readonly rate?: 'archive' | 'normal';
  readonly timeUs?: number;
  readonly headers?: Record<string, string>;
}
