import { BINS_PAGE, parseAddress, parseTime } from '@katbus/protocol';
import { numberWithin } from '@katbus/bus/daemon';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { HISTORY_FORMATS, printHistory, type HistoryFormat } from '../portal/history-output.ts';
import { parseSeconds } from '../portal/duration.ts';
import { withPortal } from '../portal/open-portal.ts';
import { portalOption } from '../portal/portal-option.ts';

interface HistoryOptions {
  readonly portal: string;
  readonly from: number;
  readonly to: number;
  readonly format: HistoryFormat;
  readonly bins?: number;
  readonly every?: number;
  readonly operator?: string;
}

export function historyCommand(): Command {
  // One moment for both: a span of `-1h` to `now` is an hour.
  const nowSeconds = Date.now() / 1000;
  const time = (text: string) => {
    try {
      return parseTime(text, nowSeconds);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
  return new Command('history')
    .description('Prints the archived samples of one sensor.')
    .argument('<sensor>', '<component>.<sensor>, or the KATCP name')
    .addOption(portalOption())
    .addOption(new Option('--from <time>', 'begin').argParser(time).default(nowSeconds - 3600, '-1h'))
    .addOption(new Option('--to <time>', 'end, not included').argParser(time).default(nowSeconds, 'now'))
    .addOption(
      new Option('--bins <number>', 'so many equal spans of time, and what the samples come to in each')
        .argParser(numberWithin(1, BINS_PAGE.mostBins, 'bins'))
        .conflicts('every'),
    )
    .addOption(new Option('--every <time>', 'the same in spans of 60s, 15m, 1h ...').argParser(parseSeconds))
    .addOption(
      new Option(
        '--operator <name>',
        'what an operator makes of the samples, as mean_60; STORAGE.md has the list',
      ),
    )
    .addOption(new Option('--format <format>', 'how').choices(HISTORY_FORMATS).default('table'))
    .addHelpText(
      'after',
      '\nTimes are UTC: 2026-11-22T05:00:00Z, 2026-11-22, Unix seconds, now, or a span before now: -90s, -15m, -1h, -7d.\n' +
        '\nExamples:\n  katbus history host.cpu_load --from -15m --format plot\n' +
        '  katbus history host.memory_used --from 2026-11-22 --to 2026-11-23 --format csv > memory.csv\n' +
        '  katbus history host.cpu_load --from -24h --every 15m\n' +
        '  katbus history host.cpu_load --from -24h --bins 1000 --format plot\n' +
        '  katbus history host.cpu_load --from -24h --operator median --every 1h',
    )
    .action((sensor: string, options: HistoryOptions) => {
      const address = parseAddress(sensor);
      if (options.from >= options.to) throw new CliError('--from must be before --to');
      return withPortal(options.portal, (client) =>
        printHistory(client, {
          address,
          start: options.from,
          end: options.to,
          format: options.format,
          ...summed(options),
        }),
      );
    });
}

/** Bins, or an operator with the width of its bins; neither: every sample. */
function summed({ from, to, bins, every, operator }: HistoryOptions) {
  if (operator === undefined) {
    if (bins !== undefined) return { bins: { bins } };
    return every === undefined ? {} : { bins: { widthSeconds: every } };
  }
  const widthSeconds = bins === undefined ? every : (to - from) / bins;
  return { operator: { operator, ...(widthSeconds !== undefined && { widthSeconds }) } };
}
