import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { numberWithin } from '@katbus/bus/daemon';
import { Command, Option } from 'commander';
import { LAYOUTS, type LayoutName } from '../backend/cassandra/layout.ts';
import {
  addCassandraOptions,
  cassandraOptionsOf,
  type CassandraCommandOptions,
} from '../cassandra-command-options.ts';
import { parseArchiveName, printArchiveName, type ArchiveName } from './archive-name.ts';
import { CopyError, SAFE_AFTER_SECONDS, type CopyArchive } from './copy-archive.ts';
import { CopyProgress } from './copy-progress.ts';
import { CopyRun, type CopyReport } from './copy-run.ts';
import { CopyState } from './copy-state.ts';
import { openSqliteArchive } from './open-sqlite-archive.ts';

interface CopyOptions extends CassandraCommandOptions {
  readonly from: ArchiveName;
  readonly to: ArchiveName;
  readonly layout?: LayoutName;
  readonly state?: string;
  readonly safeAfter: number;
  readonly verify: boolean;
  readonly progressSeconds: number;
}

/** `katbus copy`. */
export function copyCommand(): Command {
  const command = new Command('copy')
    .description('copy an archive into another one; interrupted, it goes on where it was')
    .addOption(
      new Option('--from <archive>', 'sqlite:<data directory>, cassandra:<keyspace>')
        .argParser(parseArchiveName)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--to <archive>', 'the same, or cassandra://<host>,<host>/<keyspace>')
        .argParser(parseArchiveName)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--layout <name>', 'of a keyspace that has none yet; default chunks').choices(LAYOUTS),
    )
    .addOption(
      new Option('--state <file>', 'where it is kept how far it is; default katbus-copy-<hash>.json'),
    )
    .addOption(
      new Option(
        '--safe-after <seconds>',
        'of a target in Cassandra: what it acknowledged so long ago no crash of its nodes takes away',
      )
        .argParser(numberWithin(0, 3_600, 'seconds'))
        .default(SAFE_AFTER_SECONDS),
    )
    .addOption(new Option('--no-verify', 'do not read everything again to compare it'))
    .addOption(
      new Option('--progress-seconds <seconds>', 'a line of progress so often')
        .argParser(numberWithin(0.1, 3_600, 'seconds'))
        .default(10),
    );
  return addCassandraOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  katbus copy --from sqlite:./var/store --to cassandra:katbus --cassandra db1,db2\n\nNo store may use either archive meanwhile; the stream keeps what comes.',
    )
    .action(async (options: CopyOptions) => {
      const report = await copy(options);
      for (const line of linesOf(report)) print(line);
      if (report.differences > 0) process.exitCode = 1;
    });
}

/** @throws {StoreError} @throws {CopyError} */
async function copy(options: CopyOptions): Promise<CopyReport> {
  const names = { from: printArchiveName(options.from), to: printArchiveName(options.to) };
  const isSameFolder =
    options.from.backend === 'sqlite' &&
    options.to.backend === 'sqlite' &&
    resolve(options.from.directory) === resolve(options.to.directory);
  if (names.from === names.to || isSameFolder) throw sameArchive();
  const source = await open(options.from, options, true);
  try {
    const target = await open(options.to, options, false);
    try {
      if (source.identity === target.identity) throw sameArchive();
      const route = { ...names, source: source.identity, target: target.identity };
      const path = options.state ?? `katbus-copy-${hashOf(names)}.json`;
      const state = new CopyState(path, route, 1000 * target.safeAfterSeconds);
      const progress = new CopyProgress(print, options.progressSeconds);
      return await new CopyRun({ source, target, state, progress, verifies: options.verify }).run();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function open(name: ArchiveName, options: CopyOptions, mustExist: boolean): Promise<CopyArchive> {
  if (name.backend === 'sqlite') return openSqliteArchive(name.directory, mustExist);
  const { keyspace, contactPoints } = name;
  const reached = { ...options, ...(contactPoints && { cassandra: [...contactPoints] }) };
  const session = { ...cassandraOptionsOf(reached), keyspace };
  // Its driver is loaded only where it is wanted.
  const { openCassandraArchive } = await import('./open-cassandra-archive.ts');
  const { layout, safeAfter: safeAfterSeconds } = options;
  return openCassandraArchive({ session, layout, mustExist, safeAfterSeconds });
}

function sameArchive(): CopyError {
  return new CopyError('--from and --to are the same archive');
}

function linesOf({ sensors, samples, compared, differences, examples }: CopyReport): string[] {
  if (compared === undefined) return [`copied ${samples} samples; nobody has compared them`];
  const looked = `copied ${samples} samples; compared ${compared} samples and the attributes of ${sensors} sensors`;
  if (differences === 0) return [`${looked}: all are there`];
  return [`${looked}: ${differences} are not there as they are in the source; run it again`, ...examples];
}

function hashOf(names: object): string {
  return createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 8);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
