import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { hashedId } from '../../../../src/backend/cassandra/sensor-id.ts';
import { readSensors } from '../../../../src/backend/cassandra/catalogue/sensor-directory.ts';
import { requires } from '../../../../../../test/support/requires.ts';
import { DAY_START_US, quarantineRow, sampleRow } from '../../rows.ts';
import { CatalogueFixture, write } from './catalogue-fixture.ts';

const describeWithCassandra = await requires('cassandra');

const WIND = { component: 'wx', sensor: 'wind_speed' };
const attributes = { name: 'wx_wind_speed', katcp_name: 'wx.wind-speed', units: 'm/s' };
const floor = { sequence: 17, streamCreated: '2026-11-22T00:00:00.000000001Z', messageUs: DAY_START_US };
const everySample = { subjects: ['sensor.archive.>'], limit: 1_000 };
/** Nothing goes to the table of latest values by itself. */
const NEVER = { latestSeconds: 3_600 };

describeWithCassandra('catalogue in Cassandra', () => {
  let fixture: CatalogueFixture;

  beforeAll(async () => {
    fixture = await CatalogueFixture.make();
  }, 120_000);
  afterEach(() => fixture.empty());
  afterAll(() => fixture.dispose());

  test('says after it was closed and opened what it said before', async () => {
    const before = await fixture.open();
    await write(before, {
      samples: [
        sampleRow({ timeUs: DAY_START_US + 9, value: 'late', epoch: 7 }),
        sampleRow({ timeUs: DAY_START_US + 3, value: [1, NaN], epoch: 7 }),
        sampleRow({ component: 'm000', sensor: 'az', value: NaN, status: 'failure' }),
        sampleRow({ component: 'm000', sensor: 'el', value: 'a\0b\ud800' }),
      ],
      attributes: [{ ...WIND, fromUs: DAY_START_US, attributes }],
      quarantine: [quarantineRow(1), { ...quarantineRow(2), payload: new Uint8Array() }],
      gaps: [{ fromSequence: 3, toSequence: 9, fromUs: 1, toUs: 2, reason: 'expired', messages: 4 }],
      floor,
    });
    await before.writeTallies([{ name: 'sensors-0', data: Uint8Array.of(1, 2, 3) }]);
    await before.close();
    const after = await fixture.open();
    for (const query of [{ limit: 100 }, { limit: 1 }, { limit: 100, filter: 'wind-speed' }])
      expect(await after.catalogue(query)).toEqual(await before.catalogue(query));
    expect(await after.latest(everySample)).toEqual(await before.latest(everySample));
    expect((await after.latest(everySample)).rows).toHaveLength(3);
    expect(after.find(WIND)).toEqual(before.find(WIND));
    expect(after.find(WIND)).toMatchObject({ id: hashedId(WIND), firstUs: DAY_START_US + 3 });
    expect(await after.quarantine({ limit: 10 })).toEqual(await before.quarantine({ limit: 10 }));
    expect(after.gaps()).toEqual(before.gaps());
    expect(after.floor()).toEqual(floor);
    expect(await after.tallies()).toMatchObject([{ name: 'sensors-0' }]);
    const { sensors, quarantined } = await after.statistics();
    expect([sensors, quarantined]).toEqual([3, 2]);
  });

  test('knows the greatest time of a sensor whose clock was set back', async () => {
    const before = await fixture.open();
    await write(before, { samples: [sampleRow({ timeUs: DAY_START_US + 100, epoch: 0 })] });
    await write(before, { samples: [sampleRow({ timeUs: DAY_START_US, epoch: 5 })] });
    await before.close();
    const after = await fixture.open();
    expect(after.find(WIND)?.newestUs).toBe(DAY_START_US + 100);
    expect(after.sensor(WIND)).toMatchObject({ lastUs: DAY_START_US, latestEpoch: 5 });
  });

  test('has sensors and their first times in the table before any sample is written', async () => {
    const catalogue = await fixture.open(NEVER);
    await catalogue.prepare({
      samples: [sampleRow({ timeUs: DAY_START_US })],
      attributes: [],
      quarantine: [],
      gaps: [],
    });
    const other = await fixture.open(NEVER);
    expect(other.find(WIND)).toMatchObject({ id: hashedId(WIND), firstUs: DAY_START_US });
    expect(other.sensor(WIND)).toMatchObject({ firstUs: undefined, lastUs: undefined });
    await catalogue.prepare({
      samples: [sampleRow({ timeUs: DAY_START_US - 5 })],
      attributes: [],
      quarantine: [],
      gaps: [],
    });
    await other.reload();
    expect(other.find(WIND)?.firstUs).toBe(DAY_START_US - 5);
  });

  test('counts a sensor as new once, also when its samples could be written only the second time', async () => {
    const catalogue = await fixture.open(NEVER);
    const samples = [sampleRow({ timeUs: DAY_START_US })];
    await catalogue.prepare({ samples, attributes: [], quarantine: [], gaps: [] });
    expect(await write(catalogue, { samples })).toMatchObject({ newSensors: 1 });
    expect(await write(catalogue, { samples })).toMatchObject({ newSensors: 0 });
  });

  test('writes latest values by itself, and starts the stream from before those that it had not written', async () => {
    const catalogue = await fixture.open({ latestSeconds: 0.2, setBackSeconds: 0, floorSeconds: 0 });
    await write(catalogue, { samples: [sampleRow({ timeUs: DAY_START_US })], floor });
    // Until the table has the value, a process that was killed would have to read its message again.
    expect((await fixture.open(NEVER)).startFloor()).toBeUndefined();
    await vi.waitFor(
      async () => {
        await write(catalogue, { floor: { ...floor, sequence: 18 } });
        const other = await fixture.open({ ...NEVER, setBackSeconds: 0 });
        expect(other.sensor(WIND)?.lastUs).toBe(DAY_START_US);
        expect(other.startFloor()).toBeDefined();
      },
      { timeout: 20_000, interval: 200 },
    );
  });

  test('keeps the later message of two processes that take each other for dead', async () => {
    const paused = await fixture.open(NEVER);
    const active = await fixture.open(NEVER);
    await write(paused, { samples: [sampleRow({ timeUs: DAY_START_US, value: 'old', receivedUs: 1e15 })] });
    await active.reload();
    await write(active, {
      samples: [sampleRow({ timeUs: DAY_START_US + 1, value: 'new', receivedUs: 1e15 + 1e6 })],
    });
    await active.close();
    await paused.close();
    const page = await (await fixture.open(NEVER)).latest(everySample);
    expect(page.rows).toMatchObject([{ value: 'new' }]);
  });

  test('reads what another process has written when it takes over', async () => {
    const standby = await fixture.open(NEVER);
    const active = await fixture.open(NEVER);
    await write(active, {
      samples: [sampleRow({})],
      attributes: [{ ...WIND, fromUs: 5, attributes }],
      quarantine: [quarantineRow(1)],
      floor,
    });
    await active.close();
    await standby.reload();
    expect(await standby.catalogue({ limit: 10 })).toEqual(await active.catalogue({ limit: 10 }));
    expect(standby.floor()).toEqual(floor);
    await write(standby, { quarantine: [quarantineRow(1), quarantineRow(2)] });
    const { rows } = await standby.quarantine({ limit: 10 });
    expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test('gives the same message of attributes its place again, and another one only when it says something else', async () => {
    const catalogue = await fixture.open(NEVER);
    const announce = (fromUs: number, units: string) =>
      write(catalogue, { attributes: [{ ...WIND, fromUs, attributes: { ...attributes, units } }] });
    await announce(10, 'm/s');
    await announce(20, 'km/h');
    // As if a crash had taken them away, and the stream were read again.
    await fixture.session.execute('TRUNCATE attributes');
    expect(await announce(10, 'm/s')).toMatchObject({ changedAttributes: 1 });
    expect(await announce(15, 'm/s')).toMatchObject({ changedAttributes: 0 });
    expect(await announce(20, 'km/h')).toMatchObject({ changedAttributes: 0 });
    const spans = await catalogue.attributesHistory(WIND, -9e15, 9e15);
    expect(spans.map(({ fromUs, attributes: { units } }) => [fromUs, units])).toEqual([
      [10, 'm/s'],
      [20, 'km/h'],
    ]);
    expect(catalogue.sensor(WIND)?.attributes).toMatchObject({ units: 'km/h' });
  });

  test('writes its own rows of the last minute again after a node was set back', async () => {
    const catalogue = await fixture.open(NEVER);
    const gap = { fromSequence: 3, toSequence: 9, fromUs: 1, toUs: 2, reason: 'expired' };
    await write(catalogue, {
      samples: [sampleRow({})],
      attributes: [{ ...WIND, fromUs: 5, attributes }],
      gaps: [gap],
    });
    for (const table of ['sensors', 'gaps']) await fixture.session.execute(`TRUNCATE ${table}`);
    catalogue.setBack(Date.now());
    await write(catalogue, {});
    const other = await fixture.open(NEVER);
    expect(other.gaps()).toEqual([gap]);
    expect(other.find(WIND)).toMatchObject({ id: hashedId(WIND), firstUs: DAY_START_US });
    expect(other.sensor(WIND)?.attributes).toEqual(attributes);
  });

  test('writes all of itself again when tables were dropped, and begins the stream anew', async () => {
    const catalogue = await fixture.open(NEVER);
    await write(catalogue, {
      samples: [sampleRow({})],
      attributes: [{ ...WIND, fromUs: 5, attributes }],
      quarantine: [quarantineRow(1)],
      floor,
    });
    const reopened = await fixture.open(NEVER);
    await catalogue.close();
    await fixture.empty();
    reopened.setBack(-Infinity);
    expect([reopened.floor(), reopened.startFloor()]).toEqual([undefined, undefined]);
    await write(reopened, {});
    await reopened.close();
    const other = await fixture.open(NEVER);
    expect(other.find(WIND)?.id).toBe(hashedId(WIND));
    expect(await other.attributesHistory(WIND, -9e15, 9e15)).toEqual([{ fromUs: 5, attributes }]);
    expect(await other.quarantine({ limit: 10 })).toEqual({ rows: [], next: undefined });
    expect(other.floor()).toBeUndefined();
  });

  test('tells the time before which samples are kept no longer as the first of a sensor with older ones', async () => {
    const nowUs = Date.now() * 1000;
    const catalogue = await fixture.open({ ...NEVER, keepDays: 2 });
    const dayUs = 86_400e6;
    await write(catalogue, {
      samples: [
        sampleRow({ sensor: 'old', timeUs: nowUs - 9 * dayUs }),
        sampleRow({ sensor: 'both', timeUs: nowUs - 9 * dayUs }),
        sampleRow({ sensor: 'both', timeUs: nowUs }),
      ],
    });
    const first = (sensor: string) => catalogue.sensor({ component: 'wx', sensor })?.firstUs ?? NaN;
    expect(first('old')).toBe(nowUs - 9 * dayUs);
    expect(Math.abs(first('both') - (nowUs - 2 * dayUs))).toBeLessThan(60e6);
  });

  test('gives other threads all sensors as layouts know them', async () => {
    const catalogue = await fixture.open(NEVER);
    await write(catalogue, { samples: ['a', 'b', 'c'].map((sensor) => sampleRow({ sensor })) });
    const read = [];
    for await (const sensors of readSensors(fixture.session)) read.push(...sensors);
    expect(read.sort((a, b) => (a.sensor < b.sensor ? -1 : 1))).toEqual(
      ['a', 'b', 'c'].map((sensor) => ({
        id: hashedId({ component: 'wx', sensor }),
        component: 'wx',
        sensor,
        widths: [{ fromUs: -Infinity, width: 'normal' }],
      })),
    );
  });
});
