import { BusService } from '@katbus/bus/nats';
import type { CatalogueEntry, CataloguePage, CatalogueRequest } from '@katbus/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestPortal } from '../support/test-portal.ts';

/** An archive of 1,000 sensors of which every third is an aggregate, whose cursor is a place. */
const ALL: CatalogueEntry[] = Array.from({ length: 1_000 }, (_, i) => {
  const sensor = `${i % 3 === 0 ? 'agg' : 'raw'}_${String(i).padStart(3, '0')}`;
  return { component: 'wx', sensor, name: `wx_${sensor}` };
});

describe('sensors', () => {
  let portal: TestPortal;
  let service: BusService;
  let asked: CatalogueRequest[] = [];
  beforeAll(async () => {
    portal = await TestPortal.start();
    const handler = ({ data }: { data: Uint8Array }): CataloguePage => {
      const request = JSON.parse(Buffer.from(data).toString()) as CatalogueRequest;
      asked.push(request);
      const from = Number(request.after ?? 0);
      const end = from + (request.limit ?? 1_000);
      return { sensors: ALL.slice(from, end), ...(end < ALL.length && { next: String(end) }) };
    };
    service = await BusService.start(portal.bus, {
      name: 'store',
      version: '0.0.0',
      endpoints: [{ name: 'sensors', subject: 'rpc.store.sensors', handler }],
    });
  });
  afterAll(async () => {
    await service.stop();
    await portal.stop();
  });

  test('leaves to the archive what the archive can do', async () => {
    const client = await portal.client();
    asked = [];
    await client.request('sensors', { filter: 'raw.*7$', limit: 10 });
    expect(asked).toEqual([{ filter: 'raw.*7$', limit: 10 }]);
    await client.close();
  });

  test('goes through the archive by a filter that RE2 cannot express, in pages of at most the limit', async () => {
    const client = await portal.client();
    asked = [];
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page: CataloguePage = await client.request('sensors', {
        filter: '_(?!agg)',
        limit: 100,
        ...(after !== undefined && { after }),
      });
      expect(page.sensors.length).toBeLessThanOrEqual(100);
      found.push(...page.sensors.map(({ sensor }) => sensor));
      after = page.next;
    } while (after !== undefined);
    // Both underscores are looked at: wx_agg_000 has one that agg does not follow.
    expect(found).toEqual(ALL.map(({ sensor }) => sensor));
    expect(asked.every(({ filter }) => filter === undefined)).toBe(true);
    const none = await client.request('sensors', { filter: '^wx_(?!agg|raw)' });
    expect(none).toEqual({ sensors: [] });
    const { sensors } = await client.request('sensors', { filter: '^wx_(?!agg)', limit: 5_000 });
    expect(sensors.map(({ sensor }) => sensor)).toEqual(
      ALL.map(({ sensor }) => sensor).filter((sensor) => sensor.startsWith('raw')),
    );
    await client.close();
  });

  test('ends a page with few entries rather than go through the whole archive for it', async () => {
    const client = await portal.client();
    asked = [];
    const page = await client.request('sensors', { filter: '(?!x)_00[1-9]', limit: 20 });
    expect(page.sensors.map(({ sensor }) => sensor)).toEqual(ALL.slice(1, 10).map(({ sensor }) => sensor));
    expect(page.next).toBeDefined();
    expect(asked.length).toBeLessThanOrEqual(8);
    await client.close();
  });

  test('names the filter that does not end', async () => {
    const client = await portal.client();
    await expect(
      client.request('sensors', { filter: '^(?!x)(?:(?:[a-z_]|[0-9]|.)+)+!$' }),
    ).rejects.toMatchObject({ code: -32602, field: 'filter' });
    await client.close();
  });
});
