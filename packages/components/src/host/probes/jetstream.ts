import type { SensorDefinition } from '@katbus/bus';
import {
  fieldOf,
  listOf,
  numberOf,
  objectOf,
  type JsonObject,
  type NatsMonitoring,
} from '../nats-monitoring.ts';
import type { Probe, Reading } from '../probe.ts';
import { SensorParts } from '../sensor-parts.ts';

const BYTES = { type: 'integer', units: 'B', sampling: { deadBand: { relative: 0.001 } } } as const;

const WHOLE: readonly SensorDefinition[] = [
  { ...BYTES, name: 'nats.jetstream.memory', description: 'Memory that the streams in memory take' },
  { ...BYTES, name: 'nats.jetstream.storage', description: 'Disk space that the streams on disk take' },
];

/** How much JetStream keeps, in all and in each stream. Nothing when the server runs without JetStream. */
export class JetStreamProbe implements Probe {
  readonly name = 'jetstream';
  private readonly monitoring: NatsMonitoring;
  private readonly parts = new SensorParts();
  /** Sensor part to stream. */
  private readonly streams = new Map<string, string>();
  private isOn = false;

  constructor(monitoring: NatsMonitoring) {
    this.monitoring = monitoring;
  }

  sensors(): SensorDefinition[] {
    const streams = [...this.streams].flatMap(([part, stream]): SensorDefinition[] => [
      {
        name: `nats.stream.${part}.messages`,
        type: 'integer',
        description: `Messages that stream ${stream} keeps`,
      },
      { ...BYTES, name: `nats.stream.${part}.bytes`, description: `Space that stream ${stream} takes` },
      {
        name: `nats.stream.${part}.consumers`,
        type: 'integer',
        description: `Consumers of stream ${stream}`,
      },
    ]);
    return this.isOn ? [...WHOLE, ...streams] : [];
  }

  async read(): Promise<Reading[]> {
    const jsz = await this.monitoring.get('/jsz?streams=true');
    if (jsz.disabled === true) return [];
    this.isOn = true;
    const accounts = listOf(jsz, 'account_details');
    return [
      { sensor: 'nats.jetstream.memory', value: numberOf(jsz, 'memory') },
      { sensor: 'nats.jetstream.storage', value: numberOf(jsz, 'storage') },
      ...accounts.flatMap((account) =>
        listOf(account, 'stream_detail').flatMap((stream) => this.readStream(account, stream)),
      ),
    ];
  }

  private readStream(account: JsonObject, detail: JsonObject): Reading[] {
    const stream = String(fieldOf(detail, 'name'));
    const part = this.parts.of(`${String(account.name)} ${stream}`, stream);
    this.streams.set(part, stream);
    const state = objectOf(fieldOf(detail, 'state'), 'state');
    return [
      { sensor: `nats.stream.${part}.messages`, value: numberOf(state, 'messages') },
      { sensor: `nats.stream.${part}.bytes`, value: numberOf(state, 'bytes') },
      { sensor: `nats.stream.${part}.consumers`, value: numberOf(state, 'consumer_count') },
    ];
  }
}
