import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Floors } from '../../../../src/backend/cassandra/catalogue/floors.ts';
import { WriteClock } from '../../../../src/backend/cassandra/catalogue/write-clock.ts';
import { requires } from '../../../../../../test/support/requires.ts';
import { CatalogueFixture } from './catalogue-fixture.ts';

const describeWithCassandra = await requires('cassandra');
const START_S = 1_795_305_600;

describeWithCassandra('floors', () => {
  let fixture: CatalogueFixture;
  let nowSeconds = START_S;

  beforeAll(async () => {
    fixture = await CatalogueFixture.make();
  }, 120_000);
  afterEach(() => fixture.empty());
  afterAll(() => fixture.dispose());

  async function opened(): Promise<Floors> {
    const clock = new WriteClock(() => nowSeconds * 1e6);
    const floors = new Floors(fixture.session, clock, { setBackSeconds: 30, floorSeconds: 1 });
    await floors.load();
    return floors;
  }

  const floorOf = (sequence: number) => ({ sequence, streamCreated: 'then', messageUs: sequence });

  /** One a second, numbered by the seconds since the start. */
  async function record(floors: Floors, from: number, to: number): Promise<void> {
    for (let seconds = from; seconds <= to; seconds++) {
      nowSeconds = START_S + seconds;
      await floors.record(floorOf(seconds), nowSeconds * 1e6);
    }
  }

  test('begin with nothing, and start from one that is old enough', async () => {
    const floors = await opened();
    expect([floors.newest, floors.start]).toEqual([undefined, undefined]);
    await record(floors, 0, 29);
    expect([floors.newest?.sequence, floors.start]).toEqual([29, undefined]);
    await record(floors, 30, 45);
    expect([floors.newest?.sequence, floors.start?.sequence]).toEqual([45, 15]);
    const again = await opened();
    expect([again.newest, again.start?.sequence]).toEqual([floorOf(45), 15]);
  });

  test('are recorded once a second, and at the end', async () => {
    const floors = await opened();
    await record(floors, 0, 1);
    nowSeconds += 0.5;
    await floors.record(floorOf(100), 0);
    expect(floors.newest?.sequence).toBe(100);
    expect((await opened()).newest?.sequence).toBe(1);
    await floors.record(floorOf(101), 0, true);
    expect((await opened()).newest?.sequence).toBe(101);
  });

  test('start before the latest values that are not in their table', async () => {
    const floors = await opened();
    await record(floors, 0, 60);
    nowSeconds = START_S + 100;
    await floors.record(floorOf(100), (START_S + 40) * 1e6);
    expect([floors.start?.sequence, floors.latestUs]).toEqual([40, (START_S + 40) * 1e6]);
  });

  test('go back behind what a node may have lost, also for the next process', async () => {
    const floors = await opened();
    await record(floors, 0, 100);
    floors.setBack((START_S + 90) * 1e6);
    expect([floors.start?.sequence, floors.newest?.sequence]).toEqual([60, 60]);
    await floors.settle();
    const next = await opened();
    expect([next.newest?.sequence, next.start?.sequence]).toEqual([60, 30]);
    await record(floors, 200, 210);
    expect([floors.newest?.sequence, floors.start?.sequence]).toEqual([210, 60]);
    expect((await opened()).start?.sequence).toBe(60);
  });

  test('go back to nothing when everything is gone', async () => {
    const floors = await opened();
    await record(floors, 0, 100);
    floors.setBack(-Infinity);
    expect([floors.start, floors.newest]).toEqual([undefined, undefined]);
    await floors.settle();
    expect((await opened()).newest).toBeUndefined();
  });

  test('go back further when a node is set back again before anything was written', async () => {
    const floors = await opened();
    await record(floors, 0, 100);
    floors.setBack((START_S + 90) * 1e6);
    floors.setBack((START_S + 70) * 1e6);
    expect(floors.start?.sequence).toBe(40);
    await floors.settle();
    expect((await opened()).newest?.sequence).toBe(40);
  });

  test('of before a start count no more: who is killed before he has read as far again begins no later', async () => {
    await record(await opened(), 0, 100);
    const second = await opened();
    expect(second.begin()?.sequence).toBe(70);
    await second.settle();
    // Read again from there, long after; and set back at once: what was read again may be gone as well.
    nowSeconds = START_S + 500;
    await second.record(floorOf(75), nowSeconds * 1e6);
    expect((await opened()).start?.sequence).toBe(70);
    nowSeconds = START_S + 529;
    await second.record(floorOf(78), nowSeconds * 1e6);
    const third = await opened();
    expect(third.begin()?.sequence).toBe(70);
    nowSeconds = START_S + 540;
    await third.settle();
    await third.record(floorOf(90), nowSeconds * 1e6);
    nowSeconds = START_S + 571;
    await third.record(floorOf(150), nowSeconds * 1e6);
    expect((await opened()).begin()?.sequence).toBe(90);
  });

  test('stay in order when the clock of the archive is set back', async () => {
    await record(await opened(), 0, 100);
    nowSeconds = START_S - 3_600;
    const floors = await opened();
    await floors.record(floorOf(101), 0, true);
    expect((await opened()).newest?.sequence).toBe(101);
  });
});
