import { readFileSync } from 'node:fs';
import { CLOSE_CODES, CSV_HEADER, csvLine, RPC_ERRORS, type PortalMethod } from '@katbus/protocol';
import { SCHEMAS, validate, type SchemaName } from '@katbus/protocol/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GAP_REASONS } from '../src/delivery/delivery-session.ts';
import { LIMITS, type LimitName } from '../src/limits.ts';
import type { AnsweredError, TestClient } from './support/test-client.ts';
import { TestPortal } from './support/test-portal.ts';

const document = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');
const blocks = [...document.matchAll(/^```(\w+)(?: (\w+))?\n(.*?)^```$/gms)].map(
  ([, language = '', tag = '', body = '']) => ({ language, tag, body }),
);
const examples = (tag: string) =>
  blocks.filter((block) => block.tag === tag).map(({ body }) => JSON.parse(body) as Record<string, unknown>);

/** Rows of the table behind a heading: the text of each cell. */
function table(heading: string): string[][] {
  const section = document.slice(document.indexOf(`\n## ${heading}\n`));
  const rows: string[][] = [];
  for (const line of section.split('\n').slice(2)) {
    if (line.startsWith('|'))
      rows.push(
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    else if (rows.length > 0) break;
  }
  return rows.slice(2);
}

/** `1 MiB` and `10,000` as numbers. */
function numberOf(cell: string): number {
  const [digits = '', unit] = cell.split(' ');
  return Number(digits.replaceAll(',', '')) * (unit === 'MiB' ? 2 ** 20 : unit === 'KiB' ? 2 ** 10 : 1);
}

describe('PROTOCOL.md', () => {
  test('has examples that the real validators accept', () => {
    expect(blocks.length).toBeGreaterThan(20);
    for (const { language, tag, body } of blocks) {
      if (language === 'csv') continue;
      expect([language, Object.hasOwn(SCHEMAS, tag)]).toEqual(['json', true]);
      validate(tag as SchemaName, JSON.parse(body));
    }
  });

  test('has answers that fit the request of the same id', () => {
    const schemas: Record<PortalMethod, SchemaName> = {
      subscribe: 'subscribeResult',
      unsubscribe: 'unsubscribeResult',
      list: 'listResult',
      sensors: 'cataloguePage',
      history: 'historyPage',
      bins: 'binsPage',
      info: 'infoResult',
    };
    const requests = new Map(examples('request').map(({ id, method }) => [id, method as PortalMethod]));
    let matched = 0;
    for (const { id, result } of examples('response')) {
      const method = requests.get(id);
      if (method === undefined) continue;
      validate(schemas[method], result);
      matched += 1;
    }
    expect(matched).toBe(Object.keys(schemas).length);
  });

  test('shows every notification', () => {
    const shown = new Set(examples('notification').map(({ method }) => method));
    expect([...shown].sort()).toEqual(['attributes', 'gap', 'message', 'sample', 'sensorAdded', 'snapshot']);
  });

  test('shows CSV as it is written', () => {
    const [json] = blocks.filter(({ tag }) => tag === 'archivedSamples');
    const samples = validate<Parameters<typeof csvLine>[0][]>(
      'archivedSamples',
      JSON.parse(json?.body ?? ''),
    );
    const [csv] = blocks.filter(({ language }) => language === 'csv');
    expect(csv?.body).toBe((CSV_HEADER + samples.map(csvLine).join('')).replaceAll('\r', ''));
  });

  test('lists every close code', () => {
    const codes = table('How the portal closes').map(([code]) => Number(code));
    expect(codes).toEqual(
      Object.values(CLOSE_CODES)
        .map(({ code }) => code)
        .sort((a, b) => a - b),
    );
  });

  test('says of each close code whether to come back', () => {
    for (const [code, , advice] of table('How the portal closes')) {
      const entry = Object.values(CLOSE_CODES).find((each) => each.code === Number(code));
      expect([code, advice?.startsWith('yes')]).toEqual([code, entry?.comeBack]);
    }
  });

  test('lists every error', () => {
    const codes = table('Errors').flatMap(([code]) => (code === '' ? [] : [Number(code)]));
    expect(codes.sort()).toEqual(
      Object.values(RPC_ERRORS)
        .map(({ code }) => code)
        .sort(),
    );
    for (const row of table('Errors')) expect(row.at(-1)).not.toBe('');
  });

  test('lists every limit with its option and its default', () => {
    const rows = table('Limits');
    expect(rows.map(([name]) => name?.replaceAll('`', '')).sort()).toEqual(Object.keys(LIMITS).sort());
    for (const [name = '', option, value = ''] of rows) {
      const limit = name.replaceAll('`', '') as LimitName;
      const words = limit.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      expect([limit, option, numberOf(value)]).toEqual([limit, `\`--${words}\``, LIMITS[limit].default]);
    }
  });

  test('lists every reason of a gap', () => {
    expect(table('gap').map(([reason]) => reason?.replaceAll('`', ''))).toEqual(Object.values(GAP_REASONS));
  });
});

describe('a real portal', () => {
  let portal: TestPortal;
  let client: TestClient;
  beforeAll(async () => {
    portal = await TestPortal.start({ limits: { listStallMs: 50 } });
    client = await portal.client();
  });
  afterAll(() => portal.stop());

  test('has the metrics that PROTOCOL.md names', async () => {
    const metrics = await portal.registry.metrics();
    const names = table('Limits').flatMap(
      ([, , , , , counted = '']) => counted.match(/[a-z_]+(?=[`{])/g) ?? [],
    );
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(metrics).toMatch(new RegExp(`^# TYPE katbus_portal_${name} `, 'm'));
  });

  test('understands every request of PROTOCOL.md', async () => {
    const requests = examples('request');
    expect(requests.length).toBeGreaterThanOrEqual(6);
    for (const { method, params } of requests) {
      const error = await client.request(method as PortalMethod, (params ?? {}) as never).then(
        () => undefined,
        (thrown: unknown) => thrown as AnsweredError,
      );
      // No archive runs here; everything else is as in the document.
      const unavailable = ['sensors', 'history', 'bins'].includes(method as string);
      expect([method, error?.code]).toEqual([method, unavailable ? RPC_ERRORS.unavailable.code : undefined]);
    }
  });
});
