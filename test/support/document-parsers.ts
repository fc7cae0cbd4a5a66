import { parse as parseYaml } from 'yaml';
import {
  binsCsvHeader,
  binsCsvLines,
  checkPolicy,
  CSV_HEADER,
  csvLine,
  parseAddress,
  parseAttributes,
  parseSample,
  sensorGlob,
} from '@katbus/protocol';
import { SCHEMAS, validate, type SchemaName } from '@katbus/protocol/schemas';
import { parseMonRecord } from '../../packages/store/src/mon/mon-record.ts';
import type { ArchivedSample, BinSeries, SampleValue, Status } from '@katbus/protocol';

/** Reads an example with what reads the real thing. @throws what that throws when the example is wrong */
export type DocumentParser = (text: string) => void;

/** What is parsed by more than its schema. */
const PROGRAMS: Readonly<Record<string, DocumentParser>> = {
  'json sample': (text) => parseSample(text),
  'json attributes': (text) => parseAttributes(text),
  'json mon': (text) => parseMonRecord(text, 'refuse'),
  'csv history': parseHistoryCsv,
  'csv bins': parseBinsCsv,
  'json policy': (text) => checkPolicy(JSON.parse(text)),
  'yaml policy': (text) => checkPolicy(parseYaml(text)),
  'yaml prometheus': parsePrometheusConfiguration,
};

/** The parser of each tag: `json <name>` for each schema of the protocol, which is the check unless a program reads it too. */
export const DOCUMENT_PARSERS: ReadonlyMap<string, DocumentParser> = new Map([
  ...(Object.keys(SCHEMAS) as SchemaName[]).map((name): [string, DocumentParser] => [
    `json ${name}`,
    (text) => {
      validate(name, JSON.parse(text));
      PROGRAMS[`json ${name}`]?.(text);
    },
  ]),
  ...Object.entries(PROGRAMS).filter(([tag]) => !(tag.replace('json ', '') in SCHEMAS)),
]);

/** Nothing in Katbus reads this CSV, so what writes it must give the example back. */
function parseHistoryCsv(text: string): void {
  const [header, ...rows] = text.trim().split('\n');
  if (`${header}\r\n` !== CSV_HEADER) throw new Error(`the header is ${CSV_HEADER.trim()}`);
  for (const row of rows) {
    const [time, , valueTime, status, value] = row.split(',');
    const sample: ArchivedSample = {
      time: Number(time),
      value_ts: Number(valueTime),
      status: status as Status,
      value: value === '' ? null : (JSON.parse(value ?? '') as SampleValue),
    };
    if (csvLine(sample).trimEnd() !== row) throw new Error(`${row} would be written as ${csvLine(sample)}`);
  }
}

/** As {@link parseHistoryCsv}: of one bin a sensor, half an hour long. */
function parseBinsCsv(text: string): void {
  const columns = ['count', 'mean'] as const;
  const [header, ...rows] = text.trim().split('\n');
  if (`${header}\r\n` !== binsCsvHeader(columns)) throw new Error(`the header is ${binsCsvHeader(columns)}`);
  for (const row of rows) {
    const [sensor = '', bin, start, , count, mean, status, last = '', ...held] = row.split(',');
    const base = {
      ...parseAddress(sensor),
      bin: [Number(bin)],
      count: [Number(count)],
      status: [status as Status],
    };
    const json = held.join(',').replaceAll('""', '"').replaceAll(/^"|"$/g, '');
    const pairs = JSON.parse(json === '' ? '[]' : json) as [string | boolean, number][];
    const states = pairs.map(([state]) => state);
    const series: BinSeries =
      mean === ''
        ? {
            ...base,
            kind: 'state',
            states,
            last: [states.map(String).indexOf(last)],
            held: [pairs.map(([, seconds], place) => [place, seconds] as const)],
          }
        : { ...base, kind: 'number', mean: [Number(mean)] };
    const written = binsCsvLines(series, { start: Number(start), width: 1_800 }, columns);
    if (written.trimEnd() !== row) throw new Error(`${row} would be written as ${written}`);
  }
}

interface PrometheusConfiguration {
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly metrics_path: string;
    readonly params: { readonly match: readonly string[] };
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
  }[];
}

/** Only what the portal must understand; Prometheus itself reads it in packages/portal/test/scrape where it is installed. */
function parsePrometheusConfiguration(text: string): void {
  const { scrape_configs: jobs } = parseYaml(text) as PrometheusConfiguration;
  for (const { job_name: job, metrics_path: path, params, static_configs: targets } of jobs) {
    if (path !== '/metrics/sensors')
      throw new Error(`${job}: the portal has no metrics of sensors at ${path}`);
    if (params.match.length === 0) throw new Error(`${job}: match is needed`);
    for (const glob of params.match) sensorGlob(glob);
    for (const target of targets.flatMap(({ targets }) => targets)) new URL(`http://${target}`);
  }
}
