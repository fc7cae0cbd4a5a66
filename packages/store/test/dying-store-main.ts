import { DurableConsumer } from '@katbus/bus/nats';
import { commands } from '../src/commands.ts';

// `katbus store` that kills itself with kill -9 after a commit and before its acknowledgement: the third one, so that it has done some work.
const ACKNOWLEDGEMENTS = 2;
let acknowledged = 0;
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
const { acknowledge } = DurableConsumer.prototype;
DurableConsumer.prototype.acknowledge = async function (message) {
  if (acknowledged++ === ACKNOWLEDGEMENTS) process.kill(process.pid, 'SIGKILL');
  await acknowledge.call(this, message);
};
await commands()[0]?.parseAsync(process.argv.slice(2), { from: 'user' });
