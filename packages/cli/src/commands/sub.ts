import { Command, InvalidArgumentError, Option } from 'commander';
import { LiveLines } from '../portal/live-lines.ts';
import { withPortal } from '../portal/open-portal.ts';
import { portalOption } from '../portal/portal-option.ts';
import { sensorPattern } from '../portal/sensor-pattern.ts';

interface SubOptions {
  readonly portal: string;
  readonly json?: true;
  readonly snapshot: boolean;
  readonly count?: number;
  /** Milliseconds. */
  readonly duration?: number;
}

export function subCommand(): Command {
  return new Command('sub')
    .description('Prints current values and then every live sample, a line each, until Ctrl-C.')
    .argument('<patterns...>', "what to follow: host.cpu_load, 'host.*', 'sensor.>', portal.time")
    .addOption(portalOption())
    .addOption(new Option('--json', 'one JSON object a line'))
    .addOption(new Option('--no-snapshot', 'live samples only, not the current values first'))
    .addOption(new Option('--count <lines>', 'end after so many lines').argParser(parseCount))
    .addOption(new Option('--duration <time>', 'end after 90s, 15m, 1h ...').argParser(parseDuration))
    .addHelpText(
      'after',
      "\nA pattern is a sensor's name, <component>.<sensor>, a KATCP name, or a NATS subject pattern: * stands for one word,\n" +
        '> for all that follow. Quote them: the shell would expand *.\n' +
        "\nExamples:\n  katbus sub host.cpu_load\n  katbus sub 'host.*' portal.time --count 20\n" +
        "  katbus sub 'sensor.archive.>' --json --duration 1m",
    )
    .action((patterns: string[], options: SubOptions) =>
      withPortal(options.portal, (client) =>
        new LiveLines(client, options).follow(patterns.map(sensorPattern), options.snapshot),
      ),
    );
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1)
    throw new InvalidArgumentError('It is a number of lines, at least 1.');
  return count;
}

const MS_IN = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  const durationMs = match === null ? NaN : Number(match[1]) * MS_IN[match[2] as keyof typeof MS_IN];
  // Node's timers end at 2^31 ms.
  if (!(durationMs > 0 && durationMs < 2 ** 31)) {
    throw new InvalidArgumentError('It is a time such as 10s, 15m, 1h or 1d, at most 24d.');
  }
  return durationMs;
}
