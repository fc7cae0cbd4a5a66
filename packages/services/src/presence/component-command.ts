import { natsOption } from '@katbus/bus/daemon';
import { BusConnection, callService, NoResponderError } from '@katbus/bus/nats';
import {
  isGone,
  isoText,
  PRESENCE_SUBJECTS,
  type ComponentPresence,
  type ForgetRequest,
  type PresenceList,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { Command, Option } from 'commander';

interface ListOptions {
  readonly nats: string;
  readonly all?: true;
  readonly json?: true;
}

interface ForgetOptions {
  readonly nats: string;
}

const CONNECT_WITHIN_MS = 2_000;
const HEADING = ['COMPONENT', 'STATE', 'SINCE', 'SENSORS', 'HOST', 'PROCESS', 'INSTANCE'];

/** `katbus component`: who is on the bus, as the presence service knows it. */
export function componentCommand(): Command {
  const list = new Command('list')
    .description('Lists components: whether they are there, since when, where they run.')
    .addOption(natsOption())
    .addOption(new Option('--all', 'also those that were forgotten'))
    .addOption(new Option('--json', 'one JSON object a line, a component each'))
    .action(listComponents);
  const forget = new Command('forget')
    .description(
      'Forgets a component that was taken out of service: it is not shown as absent any more. Its archived samples stay.',
    )
    .argument('<name>', 'a component that is absent or has left')
    .addOption(natsOption())
    .action(forgetComponent);
  return new Command('component')
    .description('Which components are on the bus.')
    .addCommand(list)
    .addCommand(forget)
    .addHelpText(
      'after',
      '\nExamples:\n  katbus component list\n  katbus component forget old_weather_station',
    );
}

async function listComponents(options: ListOptions): Promise<void> {
  const { components } = validate<PresenceList>(
    'presenceList',
    await ask(options.nats, PRESENCE_SUBJECTS.list),
  );
  const shown = components.filter(({ state }) => options.all === true || state !== 'forgotten');
  const lines =
    options.json === true
      ? shown.map((one) => JSON.stringify(one))
      : table([HEADING, ...shown.flatMap(rows)]);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function forgetComponent(component: string, options: ForgetOptions): Promise<void> {
  const request: ForgetRequest = { component };
  await ask(options.nats, PRESENCE_SUBJECTS.forget, request);
  process.stdout.write(`${component} is forgotten; it is known again as soon as it publishes a heartbeat\n`);
}

async function ask(servers: string, subject: string, request: object = {}): Promise<unknown> {
  const connection = await BusConnection.connect({
    servers,
    name: 'katbus-component',
    connectTimeoutMs: CONNECT_WITHIN_MS,
  });
  try {
    return await callService(connection, subject, request);
  } catch (error) {
    if (error instanceof NoResponderError)
      throw new Error('the presence service does not answer: "katbus services" starts it', { cause: error });
    throw error;
  } finally {
    await connection.close();
  }
}

/** A line for each instance: of a component that runs twice, two. */
function rows({ component, state, since, sensors, instances }: ComponentPresence): string[][] {
  const when = `${isoText(since).slice(0, 19)}Z`;
  const known =
    instances.length === 0 ? [{ host: undefined, pid: undefined, instance: undefined }] : instances;
  return known.map(({ host = '', pid, instance = '' }, place) => {
    const first = place === 0 ? [component, state, when, String(sensors ?? '')] : ['', '', '', ''];
    // Of one that is gone it is where it was.
    const process = pid === undefined ? '' : isGone(state) ? `(${pid})` : String(pid);
    return [...first, host, process, instance];
  });
}

function table(lines: readonly (readonly string[])[]): string[] {
  const widths = HEADING.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
