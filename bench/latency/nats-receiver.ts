import { BusConnection } from '@katbus/bus/nats';
import { parseSample } from '@katbus/protocol';
import { Latencies, serveBench } from './latencies.ts';

/** What to compare with: a program on NATS itself, without portal and websocket. */
const [url = '', component = '', warmUpSeconds = '0'] = process.argv.slice(2);
const latencies = new Latencies(Number(warmUpSeconds));
const connection = await BusConnection.connect({ servers: url, name: 'bench_receiver' });
connection.subscribe(`sensor.*.${component}.*`, ({ data }) => latencies.add(parseSample(data).time));
await connection.flush();
serveBench(latencies);
