import { natsOption } from '@katbus/bus/daemon';
import { BusConnection, callService } from '@katbus/bus/nats';
import {
  MalformedDurationError,
  parseDuration,
  REPORT_DEFAULTS,
  REPORT_PAGE,
  SENSOR_FINDINGS,
  SENSOR_ORDERS,
  STORE_SUBJECTS,
  type ArchiveReport,
  type DayReport,
  type DayReportPage,
  type ReportBounds,
  type SensorReport,
  type SensorReportPage,
  type SensorReportRequest,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { Command, InvalidArgumentError, Option } from 'commander';
import { archiveLines, dayLines, sensorLines } from './report/report-text.ts';

interface ReportOptions {
  readonly nats: string;
  readonly silent: number;
  readonly stuck: number;
  readonly json?: true;
}

type SensorsOptions = ReportOptions &
  Pick<SensorReportRequest, 'finding' | 'order' | 'filter' | 'component' | 'limit'>;

interface DaysOptions extends ReportOptions {
  readonly limit: number;
}

/** `katbus report`: asks the store that is active. */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'The archive at a look: what may be wrong with its sensors, rates, what it takes, lag, drops.',
    )
    .addOption(natsOption())
    .addOption(
      new Option('--silent <time>', 'a sensor is silent when its last sample is older: 15m, 2h')
        .argParser(parseSpan)
        .default(REPORT_DEFAULTS.silentSeconds, '1h 5m'),
    )
    .addOption(
      new Option(
        '--stuck <time>',
        'a number is stuck when it has been the same for so long, though samples came',
      )
        .argParser(parseSpan)
        .default(REPORT_DEFAULTS.stuckSeconds, '6h'),
    )
    .addOption(new Option('--json', 'JSON: one object, a sensor or a day a line'))
    .addCommand(sensorsCommand())
    .addCommand(daysCommand())
    .addHelpText(
      'after',
      '\nExamples:\n  katbus report\n  katbus report sensors --finding silent --order silent --silent 2h\n  katbus report days',
    )
    .action((options: ReportOptions) =>
      asking(options.nats, async (connection) => {
        const bounds = boundsOf(options);
        const answer = await callService(connection, STORE_SUBJECTS.report, bounds);
        const report = validate<ArchiveReport>('archiveReport', answer);
        print(options.json ? [JSON.stringify(report)] : archiveLines(report, bounds));
      }),
    );
}

function sensorsCommand(): Command {
  return new Command('sensors')
    .description('sensor by sensor: last seen, silent for, rate, unchanged for, gaps, share out of order')
    .addOption(new Option('--finding <finding>', 'only those of which it holds').choices(SENSOR_FINDINGS))
    .addOption(
      new Option('--order <order>', 'by name, or the most of something first')
        .choices(SENSOR_ORDERS)
        .default('name'),
    )
    .addOption(new Option('--filter <expression>', 'RE2, searched in the name'))
    .addOption(new Option('--component <component>', 'only of this one'))
    .addOption(limitOption('most sensors; 0: all', 100))
    .action((_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SensorsOptions>();
      const { finding, order, filter, component, limit = 0 } = options;
      return asking(options.nats, async (connection) => {
        const given = Object.entries({ finding, order, filter, component }).filter(
          ([, value]) => value !== undefined,
        );
        const request = { ...boundsOf(options), ...Object.fromEntries(given) };
        const sensors = await pages<SensorReport>(limit, REPORT_PAGE.mostSensors, async (page) => {
          const answer = await callService(connection, STORE_SUBJECTS.reportSensors, { ...request, ...page });
          const { sensors: rows, next } = validate<SensorReportPage>('sensorReportPage', answer);
          return { rows, next };
        });
        print(options.json ? sensors.map((row) => JSON.stringify(row)) : sensorLines(sensors));
      });
    });
}

function daysCommand(): Command {
  return new Command('days')
    .description('day by day, the newest first: samples, what they take, what the archive took at the end')
    .addOption(limitOption('most days; 0: all', 31))
    .action((_options: unknown, command: Command) => {
      const { nats, limit, json } = command.optsWithGlobals<DaysOptions>();
      return asking(nats, async (connection) => {
        const days = await pages<DayReport>(limit, REPORT_PAGE.mostDays, async (page) => {
          const answer = await callService(connection, STORE_SUBJECTS.reportDays, page);
          const { days: rows, next } = validate<DayReportPage>('dayReportPage', answer);
          return { rows, next };
        });
        print(json ? days.map((day) => JSON.stringify(day)) : dayLines(days));
      });
    });
}

function limitOption(description: string, byDefault: number): Option {
  return new Option('--limit <n>', description).argParser(parseLimit).default(byDefault);
}

interface PageRequest {
  readonly limit: number;
  readonly after?: string;
}

/** Page by page, until there are so many rows. @param most rows; 0: all */
async function pages<Row>(
  most: number,
  mostInPage: number,
  ask: (page: PageRequest) => Promise<{ rows: readonly Row[]; next: string | undefined }>,
): Promise<Row[]> {
  const found: Row[] = [];
  let after: string | undefined;
  do {
    const limit = most === 0 ? mostInPage : Math.min(mostInPage, most - found.length);
    const { rows, next } = await ask({ limit, ...(after !== undefined && { after }) });
    found.push(...rows);
    after = next;
  } while (after !== undefined && (most === 0 || found.length < most));
  return found;
}

/** @throws {ServiceCallError} @throws {NoResponderError} when no store is active */
async function asking(nats: string, ask: (connection: BusConnection) => Promise<void>): Promise<void> {
  const connection = await BusConnection.connect({ servers: nats, name: 'katbus-report' });
  try {
    await ask(connection);
  } finally {
    await connection.close();
  }
}

function boundsOf({ silent, stuck }: ReportOptions): Required<ReportBounds> {
  return { silentSeconds: silent, stuckSeconds: stuck };
}

function parseSpan(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof MalformedDurationError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

function parseLimit(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('write a whole number; 0 is all');
  return Number(text);
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
