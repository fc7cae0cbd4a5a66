import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { natsOption } from '@katbus/bus/daemon';
import { AcknowledgedWindow, BusConnection } from '@katbus/bus/nats';
import { Argument, Command, Option } from 'commander';
import { MonPublisher } from './mon-publisher.ts';
import { MalformedMonRecordError, parseMonRecord } from './mon-record.ts';
import { FINER_TIMES, type FinerTimes } from './mon-time.ts';

const FLUSH_MS = 60_000;

interface MonOptions {
  readonly nats: string;
  readonly finerTimes: FinerTimes;
}

/** `katbus store mon`: what CTA's monitoring recorded, into the stream that the archiver reads. */
export function monCommand(): Command {
  return new Command('mon')
    .description('publish records of CTA\u2019s monitoring, a JSON object a line, as archive samples')
    .addArgument(new Argument('[file]', 'default: standard input'))
    .addOption(natsOption())
    .addOption(
      new Option('--finer-times <what>', 'what becomes of times that are finer than a microsecond')
        .env('KATBUS_MON_FINER_TIMES')
        .choices(FINER_TIMES)
        .default('floor'),
    )
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const { nats, finerTimes } = command.optsWithGlobals<MonOptions>();
      const input = file === undefined ? process.stdin : createReadStream(file);
      const published = await publishLines(input, nats, finerTimes);
      process.stdout.write(`${published} records published\n`);
    });
}

/**
 * Stops at the first line that is no record; what stands before it is published then.
 * @throws {MalformedMonRecordError} naming line and field
 */
async function publishLines(input: Readable, nats: string, finer: FinerTimes): Promise<number> {
  const connection = await BusConnection.connect({ servers: nats, name: 'katbus-mon' });
  const window = new AcknowledgedWindow(connection);
  try {
    const published = await publishInto(window, input, finer).finally(() => window.flush(FLUSH_MS));
    const { pending, dropped, refused } = window.counters.archive;
    if (pending + dropped + refused > 0)
      throw new Error(`the stream did not take ${pending + dropped + refused} messages`);
    return published;
  } finally {
    window.close();
    await connection.close();
  }
}

async function publishInto(window: AcknowledgedWindow, input: Readable, finer: FinerTimes): Promise<number> {
  const publisher = new MonPublisher(window);
  let published = 0;
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++;
    if (text.trim() === '') continue;
    try {
      await publisher.publish(parseMonRecord(text, finer));
    } catch (error) {
      if (error instanceof MalformedMonRecordError) throw error.onLine(line);
      throw error;
    }
    published++;
  }
  return published;
}
