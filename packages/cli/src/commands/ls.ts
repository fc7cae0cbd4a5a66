import type { PortalClient } from '@katbus/client';
import { formatAddress, type ListedSensor } from '@katbus/protocol';
import { Command, Option } from 'commander';
import { colouredStatus } from '../output/colours.ts';
import { quantity } from '../output/quantity.ts';
import { note, outputWidth, write } from '../output/standard-output.ts';
import { tableLines, type Cell, type Column } from '../output/table.ts';
import { ageText, printable } from '../output/value-text.ts';
import { withPortal } from '../portal/open-portal.ts';
import { portalOption } from '../portal/portal-option.ts';

interface LsOptions {
  readonly portal: string;
  readonly component?: string;
  readonly json?: true;
}

export function lsCommand(): Command {
  return new Command('ls')
    .description('Lists sensors with their last value, as their components tell it.')
    .argument('[filter]', 'regular expression, searched in the names; default: all sensors')
    .addOption(portalOption())
    .addOption(new Option('--component <name>', 'only the sensors of this component'))
    .addOption(new Option('--json', 'one JSON object a line, a sensor each'))
    .addHelpText(
      'after',
      "\nExamples:\n  katbus ls\n  katbus ls 'disk.*free'\n  katbus ls --component host --json",
    )
    .action((filter: string | undefined, options: LsOptions) =>
      withPortal(options.portal, (client) => ls(client, filter, options)),
    );
}

async function ls(client: PortalClient, filter: string | undefined, options: LsOptions): Promise<void> {
  const { sensors, absent } = await client.list({
    readings: true,
    ...(filter === undefined ? {} : { filter }),
    ...(options.component === undefined ? {} : { component: options.component }),
  });
  const sorted = sensors.toSorted((a, b) =>
    formatAddress(a).localeCompare(formatAddress(b), 'en', { numeric: true }),
  );
  if (options.json) {
    for (const sensor of sorted) await write(`${JSON.stringify(sensor)}\n`);
  } else if (sorted.length > 0) {
    for (const line of sensorLines(sorted, Date.now() / 1000)) await write(`${line}\n`);
  }
  if (absent.length > 0) note(`no answer from ${absent.join(', ')}: not listed`);
  if (sorted.length === 0)
    note(filter === undefined ? 'there are no sensors' : `no sensor matches "${filter}"`);
}

const COLUMNS: readonly Column[] = [
  { title: 'SENSOR', shrinks: 'cut' },
  { title: 'VALUE', align: 'right', shrinks: 'cut' },
  { title: 'UNITS' },
  { title: 'STATUS' },
  { title: 'AGE', align: 'right' },
  { title: 'DESCRIPTION', shrinks: 'hide' },
];

function sensorLines(sensors: readonly ListedSensor[], nowSeconds: number): string[] {
  const rows = sensors.map((listed): Cell[] => {
    const { attributes, sample } = listed;
    const { value, units } =
      sample === undefined
        ? { value: '', units: attributes.units ?? '' }
        : quantity(sample.value, attributes);
    return [
      { text: formatAddress(listed) },
      { text: value },
      { text: units },
      sample === undefined
        ? { text: 'no value yet' }
        : { text: sample.status, colour: (text) => colouredStatus(sample.status, text) },
      { text: sample === undefined ? '' : ageText(nowSeconds - sample.value_ts) },
      { text: printable(attributes.description ?? '') },
    ];
  });
  return tableLines(COLUMNS, rows, outputWidth());
}
