import { writeFileSync } from 'node:fs';
import { numberWithin } from '@katbus/bus/daemon';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  addCassandraOptions,
  cassandraOptionsOf,
  type CassandraCommandOptions,
} from '../cassandra-command-options.ts';
import { machinesNeeded } from './machines-needed.ts';
import { FULL_PLAN, QUICK_PLAN, type DataLengths, type SizingPlan } from './sizing-options.ts';
import { sizingPlot } from './sizing-plot.ts';
import { sizingLines } from './sizing-report.ts';
import { runSizing, type TellProgress } from './sizing-run.ts';

const MOST_DOUBLES = 1_000;

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
    .addOption(new Option('--svg <file>', 'write the plot there'))
    .addOption(new Option('--json <file>', 'write all that was measured there'));
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
      const result = await runSizing(cassandraOptionsOf(options), plan, progress());
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
