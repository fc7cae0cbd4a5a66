import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { numberWithin } from '@katbus/bus/daemon';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  addCassandraOptions,
  cassandraOptionsOf,
  type CassandraCommandOptions,
} from '../cassandra-command-options.ts';
import { ownKeyspaceName } from './own-keyspace.ts';
import { machinesNeeded } from './machines-needed.ts';
import { FULL_PLAN, QUICK_PLAN, type DataLengths, type SizingPlan } from './sizing-options.ts';
import { sizingPlot } from './sizing-plot.ts';
import { sizingLines } from './sizing-report.ts';
import { runSizing, type TellProgress } from './sizing-run.ts';

const MOST_DOUBLES = 1_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const EXIT_STOPPED = 1;

interface SizingOptions extends CassandraCommandOptions {
  readonly quick: boolean;
  readonly points: number;
  readonly data: DataLengths;
  readonly svg?: string;
  readonly json?: string;
}

/** `katbus sizing`. */
export function sizingCommand(): Command {
  const command = new Command('sizing')
    .description('measure what Cassandra can do on this machine, and how many such machines an archive needs')
    .addOption(new Option('--quick', 'in less than two minutes').default(false))
    .addOption(
      new Option('--points <n>', 'sensors of the archive that is sized')
        .argParser((text) => Math.floor(numberWithin(1, 10_000_000, 'sensors')(text)))
        .default(FULL_PLAN.points),
    )
    .addOption(
      new Option('--data <least-most>', 'doubles in a row of CTA\u2019s table')
        .argParser(dataLengths)
        .default(FULL_PLAN.data, '1-100'),
    )
    .addOption(new Option('--svg <file>', 'write the plot there').argParser(fileToWrite))
    .addOption(new Option('--json <file>', 'write all that was measured there').argParser(fileToWrite));
  return addCassandraOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  katbus sizing --cassandra db1 --quick --svg sizing.svg\n\nWrites into a keyspace of its own, named after --keyspace, and drops it at the end. The nodes are busy meanwhile.',
    )
    .action(async (options: SizingOptions) => {
      const plan: SizingPlan = {
        ...(options.quick ? QUICK_PLAN : FULL_PLAN),
        points: options.points,
        data: options.data,
      };
      const keyspace = ownKeyspaceName(options.keyspace);
      const cassandra = { ...cassandraOptionsOf(options), keyspace };
      const result = await untilStopped(keyspace, (signal) => runSizing(cassandra, plan, progress(), signal));
      process.stdout.write(
        sizingLines(result)
          .map((line) => `${line.trimEnd()}\n`)
          .join(''),
      );
      if (options.svg !== undefined) writeFileSync(options.svg, sizingPlot(result.grid, plan));
      if (options.json !== undefined) {
        const all = { ...result, machines: machinesNeeded(result) };
        writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
      }
    });
}

/** Ends it, and with it its keyspace, when the user has enough; at once, and without that, when he says so twice. */
async function untilStopped<Result>(
  keyspace: string,
  act: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stopping = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (stopping.signal.aborted) {
      process.stderr.write(`left behind: cqlsh -e 'DROP KEYSPACE IF EXISTS ${keyspace}'\n`);
      process.exit(EXIT_STOPPED);
    }
    process.stderr.write(`dropping keyspace ${keyspace}; once more leaves it there\n`);
    stopping.abort(new Error(`stopped by ${name}: nothing is left behind`));
  };
  for (const name of STOP_SIGNALS) process.on(name, stop);
  try {
    return await act(stopping.signal);
  } finally {
    for (const name of STOP_SIGNALS) process.off(name, stop);
  }
}

/** A line on standard error for each thing that was measured. */
function progress(): TellProgress {
  const sinceMs = performance.now();
  return (done, all, what) => {
    const seconds = ((performance.now() - sinceMs) / 1_000).toFixed(0);
    process.stderr.write(`[${done}/${all}, ${seconds} s] ${what}\n`);
  };
}

function dataLengths(text: string): DataLengths {
  const [, least, most] = /^(\d+)-(\d+)$/u.exec(text)?.map(Number) ?? [];
  if (least === undefined || most === undefined || least < 1 || most < least || most > MOST_DOUBLES) {
    throw new InvalidArgumentError(`It is two numbers from 1 to ${MOST_DOUBLES}: 1-100.`);
  }
  return { least, most };
}

/** Before it is measured for minutes what cannot be written then. */
function fileToWrite(text: string): string {
  const path = resolve(text);
  try {
    if (existsSync(path) && !statSync(path).isFile()) throw new Error(`${path} is no file`);
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be written: ${(error as Error).message}.`);
  }
  return text;
}
