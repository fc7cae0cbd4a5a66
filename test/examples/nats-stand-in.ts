import { parseArgs } from 'node:util';
import { BusConnection, type BusMessage } from '@katbus/bus/nats';

// What the `nats` command does on the wire for `pub`, `sub` and `req`, for machines that lack it: the same subjects, payloads and waits by another client.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, raw: { type: 'boolean' }, timeout: { type: 'string' } },
});
const [verb, subject, body = ''] = positionals;
const servers = process.env.NATS_URL;
if (servers === undefined || subject === undefined) throw new Error('NATS_URL and a subject are needed');

const connection = await BusConnection.connect({ servers, name: 'nats-stand-in' });
const text = ({ data }: BusMessage) => new TextDecoder().decode(data);
switch (verb) {
  case 'pub':
    connection.publish(subject, body);
    await connection.flush();
    break;
  case 'req': {
    const timeoutMs = Number(/^(\d+)s$/.exec(values.timeout ?? '5s')?.[1]) * 1_000;
    console.log(text(await connection.request(subject, body, { timeoutMs })));
    break;
  }
  case 'sub': {
    let left = Number(values.count ?? Infinity);
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = connection.subscribe(subject, (message) => {
      if (!values.raw) console.log(`[#] Received on "${message.subject}"`);
      console.log(text(message));
      left -= 1;
      if (left === 0) resolve();
    });
    await promise;
    stop();
    break;
  }
  default:
    throw new Error(`${verb} is not known`);
}
await connection.close();
