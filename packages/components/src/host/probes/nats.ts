import type { SensorDefinition } from '@katbus/bus';
import { Growth } from '../growth.ts';
import { fieldOf, numberOf, type JsonObject, type NatsMonitoring } from '../nats-monitoring.ts';
import type { Probe, Reading } from '../probe.ts';
import { Rate, steadySeconds } from '../rate.ts';

const BYTES = { type: 'integer', units: 'B', sampling: { deadBand: { relative: 0.001 } } } as const;

const TRAFFIC = [
  ['nats.in.messages', 'in_msgs', '1/s', 'Messages a second that clients send to nats-server'],
  ['nats.in.bytes', 'in_bytes', 'B/s', 'Bytes a second that clients send to nats-server'],
  ['nats.out.messages', 'out_msgs', '1/s', 'Messages a second that nats-server sends to clients'],
  ['nats.out.bytes', 'out_bytes', 'B/s', 'Bytes a second that nats-server sends to clients'],
] as const;

const SENSORS: readonly SensorDefinition[] = [
  { name: 'nats.version', type: 'string', description: 'Version of nats-server' },
  { name: 'nats.start-time', type: 'timestamp', units: 's', description: 'When nats-server was started' },
  {
    name: 'nats.healthy',
    type: 'boolean',
    description: 'Whether nats-server finds itself and its streams in order',
  },
  { name: 'nats.connections', type: 'integer', description: 'Clients connected to nats-server' },
  { name: 'nats.subscriptions', type: 'integer', description: 'Subscriptions that nats-server serves' },
  {
    name: 'nats.slow-consumers',
    type: 'integer',
    description:
      'Clients that nats-server cut off because they read too slowly; warn for a minute after each',
  },
  {
    name: 'nats.cpu',
    type: 'float',
    units: '%',
    description: 'Processor time that nats-server takes, of one core',
  },
  { ...BYTES, name: 'nats.memory', description: 'Memory that nats-server holds (resident set)' },
  ...TRAFFIC.map(([name, , units, description]): SensorDefinition => ({
    name,
    type: 'float',
    units,
    description,
  })),
];

/** What nats-server says of itself on its monitoring port. */
export class NatsProbe implements Probe {
  readonly name = 'nats';
  private readonly monitoring: NatsMonitoring;
  private readonly rates = new Map<string, Rate>(TRAFFIC.map(([name]) => [name, new Rate()]));
  private readonly slowConsumers = new Growth();

  constructor(monitoring: NatsMonitoring) {
    this.monitoring = monitoring;
  }

  sensors(): readonly SensorDefinition[] {
    return SENSORS;
  }

  async read(): Promise<Reading[]> {
    const [varz, healthy] = await Promise.all([this.monitoring.get('/varz'), this.monitoring.isHealthy()]);
    const seconds = steadySeconds();
    const slowConsumers = numberOf(varz, 'slow_consumers');
    return [
      { sensor: 'nats.version', value: String(fieldOf(varz, 'version')) },
      { sensor: 'nats.start-time', value: startOf(varz) },
      { sensor: 'nats.healthy', value: healthy, status: healthy ? 'nominal' : 'error' },
      { sensor: 'nats.connections', value: numberOf(varz, 'connections') },
      { sensor: 'nats.subscriptions', value: numberOf(varz, 'subscriptions') },
      {
        sensor: 'nats.slow-consumers',
        value: slowConsumers,
        status: this.slowConsumers.status(slowConsumers, seconds),
      },
      { sensor: 'nats.cpu', value: numberOf(varz, 'cpu') },
      { sensor: 'nats.memory', value: numberOf(varz, 'mem') },
      ...TRAFFIC.flatMap(([sensor, field]) => {
        const value = this.rates.get(sensor)?.next(numberOf(varz, field), seconds);
        return value === undefined ? [] : [{ sensor, value: Math.round(value * 10) / 10 }];
      }),
    ];
  }
}

function startOf(varz: JsonObject): number {
  const milliseconds = Date.parse(String(fieldOf(varz, 'start')));
  if (Number.isNaN(milliseconds)) throw new Error('nats-server says no time of its start');
  return milliseconds / 1000;
}
