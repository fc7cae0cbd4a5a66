import { parseAddress, parseTime } from '@katbus/protocol';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { HISTORY_FORMATS, printHistory, type HistoryFormat } from '../portal/history-output.ts';
import { withPortal } from '../portal/open-portal.ts';
import { portalOption } from '../portal/portal-option.ts';

interface HistoryOptions {
  readonly portal: string;
  readonly from: number;
  readonly to: number;
  readonly format: HistoryFormat;
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
    .addOption(new Option('--format <format>', 'how').choices(HISTORY_FORMATS).default('table'))
    .addHelpText(
      'after',
      '\nTimes are UTC: 2026-11-22T05:00:00Z, 2026-11-22, Unix seconds, now, or a span before now: -90s, -15m, -1h, -7d.\n' +
        '\nExamples:\n  katbus history host.cpu_load --from -15m --format plot\n' +
        '  katbus history host.memory_used --from 2026-11-22 --to 2026-11-23 --format csv > memory.csv',
    )
    .action((sensor: string, options: HistoryOptions) => {
      const address = parseAddress(sensor);
      if (options.from >= options.to) throw new CliError('--from must be before --to');
      return withPortal(options.portal, (client) =>
        printHistory(client, { address, start: options.from, end: options.to, format: options.format }),
      );
    });
}
