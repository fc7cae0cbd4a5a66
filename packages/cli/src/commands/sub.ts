import type { SubscribeOptions } from '@katbus/client';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../portal/duration.ts';
import { LiveLines } from '../portal/live-lines.ts';
import { withPortal } from '../portal/open-portal.ts';
import { portalOption } from '../portal/portal-option.ts';
import { sensorPattern } from '../portal/sensor-pattern.ts';
import { strategyOf, strategyOptions, type StrategyOptions } from '../portal/strategy-options.ts';

interface SubOptions extends StrategyOptions {
  readonly portal: string;
  readonly json?: true;
  readonly snapshot: boolean;
  readonly all?: true;
  readonly count?: number;
  /** Milliseconds. */
  readonly duration?: number;
}

export function subCommand(): Command {
  const command = new Command('sub')
    .description('Prints current values and then every live sample, a line each, until Ctrl-C.')
    .argument('<patterns...>', "what to follow: host.cpu_load, 'host.*', 'sensor.>', portal.time")
    .addOption(portalOption())
    .addOption(new Option('--json', 'one JSON object a line'))
    .addOption(new Option('--no-snapshot', 'live samples only, not the current values first'))
    .addOption(
      new Option(
        '--all',
        'every sample, whatever it takes: a reader that is too slow is disconnected, not spared',
      ),
    )
    .addOption(new Option('--count <lines>', 'end after so many lines').argParser(parseCount))
    .addOption(new Option('--duration <time>', 'end after 90s, 15m, 1h ...').argParser(parseDuration));
  for (const option of strategyOptions()) command.addOption(option);
  return command
    .addHelpText(
      'after',
      "\nA pattern is a sensor's name, <component>.<sensor>, a KATCP name, or a NATS subject pattern: * stands for one word,\n" +
        '> for all that follow. Quote them: the shell would expand *.\n' +
        "\nExamples:\n  katbus sub host.cpu_load\n  katbus sub 'host.*' portal.time --count 20\n" +
        "  katbus sub 'sensor.archive.>' --json --duration 1m\n" +
        "  katbus sub 'host.*' --strategy event-rate --min 1 --max 1m",
    )
    .action(async (patterns: string[], options: SubOptions) => {
      const subjects = patterns.map(sensorPattern);
      const asked = subscribeOptions(options);
      await withPortal(options.portal, (client) => new LiveLines(client, options).follow(subjects, asked));
    });
}

function subscribeOptions(options: SubOptions): SubscribeOptions {
  const strategy = strategyOf(options);
  return {
    snapshot: options.snapshot,
    ...(strategy !== undefined && { strategy }),
    ...(options.all === true && { mode: 'all' }),
  };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1)
    throw new InvalidArgumentError('It is a number of lines, at least 1.');
  return count;
}
