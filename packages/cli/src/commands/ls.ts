import { PortalError, type PortalClient } from '@katbus/client';
import { formatAddress, type ListedSensor } from '@katbus/protocol';
import { Command, Option } from 'commander';
import { colouredStatus, styled } from '../output/colours.ts';
import { quantity } from '../output/quantity.ts';
import { note, outputWidth, write } from '../output/standard-output.ts';
import { tableLines, type Cell, type Column } from '../output/table.ts';
import { ageText, printable } from '../output/value-text.ts';
import {
  absenceText,
  presenceByComponent,
  staleSensors,
  type StaleSensor,
} from '../portal/gone-components.ts';
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
  const [presence, stale] = await Promise.all([
    absent.length === 0 ? new Map<string, never>() : presenceByComponent(client, options.component),
    lastKnown(client, absent, filter),
  ]);
  const sorted = [...sensors, ...stale].toSorted((a, b) =>
    formatAddress(a).localeCompare(formatAddress(b), 'en', { numeric: true }),
  );
  if (options.json) {
    for (const sensor of sorted) await write(`${JSON.stringify(sensor)}\n`);
  } else if (sorted.length > 0) {
    for (const line of sensorLines(sorted, Date.now() / 1000)) await write(`${line}\n`);
  }
  for (const component of absent) {
    const isListed = stale.some((sensor) => sensor.component === component);
    const rest = isListed ? 'its last values are stale' : 'not listed';
    note(`${component} ${absenceText(presence.get(component))}: ${rest}`);
  }
  if (sorted.length === 0)
    note(filter === undefined ? 'there are no sensors' : `no sensor matches "${filter}"`);
}

/** The sensors of components that do not answer, from the archive; none when that does not run. */
async function lastKnown(
  client: PortalClient,
  absent: readonly string[],
  filter: string | undefined,
): Promise<readonly StaleSensor[]> {
  try {
    return await staleSensors(client, absent, filter);
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    return [];
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'SENSOR', shrinks: 'cut' },
  { title: 'VALUE', align: 'right', shrinks: 'cut' },
  { title: 'UNITS' },
  { title: 'STATUS' },
  { title: 'AGE', align: 'right' },
  { title: 'DESCRIPTION', shrinks: 'hide' },
];

function sensorLines(sensors: readonly (ListedSensor | StaleSensor)[], nowSeconds: number): string[] {
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
        : 'stale' in listed
          ? { text: `${sample.status}, stale`, colour: (text) => styled('dim', text) }
          : { text: sample.status, colour: (text) => colouredStatus(sample.status, text) },
      { text: sample === undefined ? '' : ageText(nowSeconds - sample.value_ts) },
      { text: printable(attributes.description ?? '') },
    ];
  });
  return tableLines(COLUMNS, rows, outputWidth());
}
