import { Command, Option } from 'commander';
import { listDays, type ListedDay } from './backend/sqlite/day-listing.ts';

interface DaysOptions {
  /** Of `katbus store`. */
  readonly data: string;
  readonly count: boolean;
  readonly json: boolean;
}

/** `katbus store days`: needs no store that runs, and disturbs none that does. */
export function daysCommand(): Command {
  return new Command('days')
    .description('the days in the data directory: rows or chunks, samples, size')
    .addOption(new Option('--count', 'count rows too, which reads them all').default(false))
    .addOption(new Option('--json', 'a JSON object a day').default(false))
    .addHelpText('after', '\nThe data directory is that of --data of "katbus store".')
    .action((_options: unknown, command: Command) => {
      const { data, count, json } = command.optsWithGlobals<DaysOptions>();
      const days = listDays(data, count);
      const lines = json ? days.map((day) => JSON.stringify(day)) : toTable(days);
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
}

function toTable(days: readonly ListedDay[]): string[] {
  if (days.length === 0) return ['no days yet'];
  const rows = days.map(({ date, form, samples, sensors, bytes }) => [
    date,
    form,
    samples === undefined ? '-' : String(samples),
    String(sensors),
    (bytes / 1024 ** 2).toFixed(1),
  ]);
  const table = [['day', 'form', 'samples', 'sensors', 'MiB'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}
