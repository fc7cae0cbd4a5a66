/**
 * A component as a process of its own, which a test may freeze and kill: `node component-process.ts <nats url> <component> [takeover]`.
 * It prints a line of JSON when it has joined or was refused, and one for each event of its broker.
 */
import { Broker, NameTakenError } from '@katbus/bus';

const [servers = '', component = '', takeover] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const broker = await Broker.connect({
    component,
    servers,
    heartbeatSeconds: 0.2,
    claimTimeoutMs: 1_000,
    takeover: takeover === 'takeover',
  });
  broker.onEvent((event) => say(event));
  const sensor = broker.addSensor({
    name: 'count',
    type: 'integer',
    sampling: { archiveIntervalSeconds: 0 },
  });
  let count = 0;
  const timer = setInterval(() => sensor.update((count += 1)), 20);
  broker.onEvent(({ type }) => {
    if (type === 'taken-over') clearInterval(timer);
  });
  process.on('SIGTERM', () => {
    clearInterval(timer);
    void broker.close().then(() => process.exit(0));
  });
  say({ type: 'joined', instance: broker.instance, pid: process.pid });
} catch (error) {
  if (!(error instanceof NameTakenError)) throw error;
  say({ type: 'refused', message: error.message, other: error.other });
}
