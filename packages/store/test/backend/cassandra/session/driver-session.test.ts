import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshKeyspace, sharedCassandra } from '../../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../../test/support/requires.ts';
import type { CellPage } from '../../../../src/backend/cassandra/session/cell-page.ts';
import type { CqlRow, CqlValue } from '../../../../src/backend/cassandra/session/cql-session.ts';
import type { DriverSession } from '../../../../src/backend/cassandra/session/driver-session.ts';
import { FrameCells } from '../../../../src/backend/cassandra/session/frame-cells.ts';
import { openSession } from '../../../../src/backend/cassandra/session/open-session.ts';
import { ValueCells } from '../../../../src/backend/cassandra/session/value-cells.ts';
import { StoreError } from '../../../../src/errors.ts';

const describeWithCassandra = await requires('cassandra');

const TABLE = `CREATE TABLE IF NOT EXISTS things (
  p bigint, c bigint, value double, status tinyint, label text, flag boolean, data blob, numbers frozen<list<double>>, id uuid,
  PRIMARY KEY (p, c))`;
const INSERT =
  'INSERT INTO things (p, c, value, status, label, flag, data, numbers, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';
const SELECT =
  'SELECT c, value, status, label, flag, data, numbers, id, writetime(value) AS written FROM things WHERE p = ?';
const NOW_US = 1_795_305_600_123_457;

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describeWithCassandra('a session', () => {
  let contactPoint: string;
  let keyspace: ReturnType<typeof freshKeyspace>;
  let session: DriverSession;
  let partition = 0;

  beforeAll(async () => {
    contactPoint = await sharedCassandra();
    keyspace = freshKeyspace(contactPoint);
    session = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name });
    await session.execute(TABLE);
  }, 120_000);
  afterAll(async () => {
    await session.close();
    await keyspace[Symbol.asyncDispose]();
  });

  async function codeOf(asking: Promise<unknown>): Promise<string> {
    const error: unknown = await asking.then(
      () => 'nothing went wrong',
      (reason: unknown) => reason,
    );
    return error instanceof StoreError ? error.code : `no StoreError: ${String(error)}`;
  }

  function row(c: number, value: number): CqlValue[] {
    return [partition, c, value, 3, 'Größe', true, new Uint8Array([0, 255]), [1.5, NaN], undefined];
  }

  test('makes the keyspace that it is told, and finds it the next time', async () => {
    const second = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name });
    const [found] = await second.execute(
      'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?',
      [keyspace.name],
    );
    expect(found).toEqual({ keyspace_name: keyspace.name });
    await second.close();
  });

  test('gives back what was written, in a batch and alone', async () => {
    partition++;
    await session.batch(INSERT, [row(NOW_US, 1 / 3), row(NOW_US + 1, -Infinity)], NOW_US);
    const id = '00112233-4455-6677-8899-aabbccddeeff';
    await session.execute(INSERT, [...row(NOW_US + 2, NaN).slice(0, -1), id], { timestampUs: NOW_US });
    const rows = await session.execute(SELECT, [partition]);
    const rest = { status: 3, label: 'Größe', flag: true, data: Buffer.from([0, 255]), numbers: [1.5, NaN] };
    const expected: CqlRow[] = [
      { c: NOW_US, value: 1 / 3, ...rest, id: null, written: NOW_US },
      { c: NOW_US + 1, value: -Infinity, ...rest, id: null, written: NOW_US },
      { c: NOW_US + 2, value: NaN, ...rest, id, written: NOW_US },
    ];
    expect(rows.map((found) => ({ ...found }))).toEqual(expected);
  });

  test('leaves what is undefined as it was, and empties what is null', async () => {
    partition++;
    await session.batch(INSERT, [row(1, 1)], NOW_US);
    const next: CqlValue[] = [partition, 1, undefined, null, ...row(1, 1).slice(4)];
    await session.batch(INSERT, [next], NOW_US + 1);
    const [found] = await session.execute(SELECT, [partition]);
    expect(found).toMatchObject({ value: 1, status: null });
  });

  test('lets the later write timestamp win, whichever comes first', async () => {
    partition++;
    await session.batch(INSERT, [row(1, 2)], NOW_US + 10);
    await session.batch(INSERT, [row(1, 1)], NOW_US);
    const [found] = await session.execute(SELECT, [partition]);
    expect(found).toMatchObject({ value: 2, written: NOW_US + 10 });
  });

  test('gives all rows, page by page', async () => {
    partition++;
    await session.batch(
      INSERT,
      Array.from({ length: 2_500 }, (_, c) => row(c, c)),
      NOW_US,
    );
    const sizes: number[] = [];
    const values: CqlValue[] = [];
    for await (const page of session.pages(SELECT, [partition], { fetchSize: 1_000 })) {
      sizes.push(page.length);
      values.push(...page.map(({ value }) => value));
    }
    expect(sizes).toEqual([1_000, 1_000, 500]);
    expect(values).toEqual(Array.from({ length: 2_500 }, (_, c) => c));
  });

  const CELLS = 'SELECT c, value, status, label, data, numbers FROM things WHERE p = ?';
  const COLUMNS = ['c', 'value', 'status', 'label', 'data', 'numbers'];

  function cellsOf(pages: readonly CellPage[]): unknown[][] {
    return pages.flatMap((page) =>
      Array.from({ length: page.length }, () => [
        page.bigint(),
        page.double(),
        page.tinyint(),
        page.text(),
        page.bytes(),
        page.doubles(),
      ]),
    );
  }

  test('gives the cells of rows as they came, and the same where the driver has read them', async () => {
    partition++;
    const rows = [
      ...[NOW_US, -NOW_US, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 32, -1].map((c) => row(c, 1 / c)),
      [partition, 1, null, null, null, null, null, null, null],
      [partition, 2, NaN, -128, '', false, new Uint8Array(), [1, -0, Infinity], null],
      [partition, 3, -Infinity, 127, '温度 🔭', true, new Uint8Array(200_000).fill(7), [0.1], null],
    ];
    await session.batch(INSERT, rows, NOW_US);
    const pages = await all(session.cells(CELLS, [partition], { fetchSize: 4 }));
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 1]);
    expect(pages.every((page) => page instanceof FrameCells)).toBe(true);
    const found = cellsOf(pages);
    const nothing = [NaN, NaN, undefined, undefined, undefined];
    expect(found.find(([c]) => c === 1)?.slice(1)).toEqual(nothing);
    expect(found.find(([c]) => c === 3)?.slice(2, 5)).toEqual([
      127,
      '温度 🔭',
      new Uint8Array(200_000).fill(7),
    ]);
    expect(found.map(([c]) => c)).toEqual(rows.map(([, c]) => c as number).sort((a, b) => a - b));
    const read = await all(session.pages(CELLS, [partition]));
    expect(cellsOf(read.map((page) => new ValueCells(page, COLUMNS)))).toEqual(found);
  });

  test('asks for pages of the size that is told before each', async () => {
    partition++;
    await session.batch(
      INSERT,
      Array.from({ length: 100 }, (_, c) => row(c, c)),
      NOW_US,
    );
    let fetchSize = 5;
    const pages = await all(session.cells(CELLS, [partition], { fetchSize: () => (fetchSize *= 2) }));
    expect(pages.map(({ length }) => length)).toEqual([10, 20, 40, 30]);
    expect(cellsOf(pages).map(([c]) => c)).toEqual(Array.from({ length: 100 }, (_, c) => c));
    fetchSize = 5;
    for await (const { length } of session.cells(CELLS, [partition], {
      fetchSize: () => fetchSize,
      looksFirst: true,
    })) {
      expect(length).toBe(fetchSize === 5 ? 5 : 95);
      fetchSize = 95;
    }
    expect(await all(session.cells(CELLS, [-1]))).toEqual([]);
  });

  test('keeps apart what is asked for as cells and what is not, and what went wrong', async () => {
    partition++;
    await session.batch(
      INSERT,
      Array.from({ length: 50 }, (_, c) => row(c, c)),
      NOW_US,
    );
    const sums = await Promise.all(
      Array.from({ length: 300 }, async (_, place) => {
        let sum = 0;
        if (place % 3 === 0) {
          for await (const page of session.cells(CELLS, [partition], { fetchSize: 20 }))
            for (const [c] of cellsOf([page])) sum += c as number;
        } else if (place % 3 === 1) {
          for await (const page of session.pages(CELLS, [partition], { fetchSize: 20 }))
            for (const { c } of page) sum += c as number;
        } else {
          const wrong = all(session.cells('SELECT nothing FROM things WHERE p = ?', [1]));
          if ((await codeOf(wrong)) === 'SCHEMA') sum = 1_225;
        }
        return sum;
      }),
    );
    expect(new Set(sums)).toEqual(new Set([1_225]));
  });

  test('gives cells when the node has forgotten the statement', async () => {
    const table = 'CREATE TABLE IF NOT EXISTS forgotten (p bigint, c bigint, PRIMARY KEY (p, c))';
    const select = 'SELECT c FROM forgotten WHERE p = ?';
    const read = async () =>
      (await all(session.cells(select, [1]))).flatMap((page) =>
        Array.from({ length: page.length }, () => page.bigint()),
      );
    await session.execute(table);
    expect(await read()).toEqual([]);
    await session.execute('DROP TABLE forgotten');
    await session.execute(table);
    await session.execute('INSERT INTO forgotten (p, c) VALUES (1, 7)');
    expect(await read()).toEqual([7]);
  });

  test('writes a whole batch again when the node has forgotten the statement', async () => {
    const insert = 'INSERT INTO passing (p, c) VALUES (?, ?)';
    const table = 'CREATE TABLE IF NOT EXISTS passing (p bigint, c bigint, PRIMARY KEY (p, c))';
    const rows = Array.from({ length: 100 }, (_, c) => [1, c]);
    await session.execute(table);
    await session.batch(insert, rows, NOW_US);
    await session.execute('DROP TABLE passing');
    expect(await codeOf(session.batch(insert, rows, NOW_US))).toBe('SCHEMA');
    await session.execute(table);
    await session.batch(insert, rows, NOW_US);
    expect(await session.execute('SELECT c FROM passing WHERE p = 1')).toHaveLength(100);
  });

  test('says in our words what is wrong', async () => {
    expect(await codeOf(session.execute('SELECT * FROM nothing'))).toBe('SCHEMA');
    expect(await codeOf(session.execute('SELECT nothing FROM things'))).toBe('SCHEMA');
    expect(await codeOf(session.execute('SELECT FROM'))).toBe('REFUSED');
    expect(await codeOf(session.batch(INSERT, [[1, 1.5, ...row(1, 1).slice(2)]], NOW_US))).toBe('REFUSED');
    // A frame has 16 MiB at most.
    const large = new Uint8Array(17 * 1024 ** 2);
    const rows = [[1, 1, 1, 1, '', true, large, [], undefined]];
    expect(await codeOf(session.batch(INSERT, rows, NOW_US))).toBe('REFUSED');
    expect(await codeOf(session.execute(INSERT, rows[0]))).toBe('REFUSED');
    const nobody = openSession({ contactPoints: ['127.0.0.1:1'], keyspace: keyspace.name });
    expect(await codeOf(nobody)).toBe('UNAVAILABLE');
    const elsewhere = openSession({ contactPoints: [contactPoint], keyspace: 'x', datacenter: 'moon' });
    expect(await codeOf(elsewhere)).toBe('REFUSED');
  });

  test('still writes and reads after it was asked too much', async () => {
    partition++;
    await session.batch(INSERT, [row(1, 1)], NOW_US);
    expect(await session.execute(SELECT, [partition])).toHaveLength(1);
  });

  test('has no more requests under way than it may, and loses none of the others', async () => {
    partition++;
    const inFlight = { least: 1, first: 2, most: 3, targetMs: 10_000 };
    const narrow = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name, inFlight });
    let most = 0;
    const writes = Array.from({ length: 200 }, async (_, c) => {
      await narrow.batch(INSERT, [row(c, c)], NOW_US);
      most = Math.max(most, narrow.status.inFlight);
    });
    expect(narrow.status.waiting).toBeGreaterThan(150);
    await Promise.all(writes);
    expect(most).toBeLessThanOrEqual(3);
    expect(await session.execute(SELECT, [partition])).toHaveLength(200);
    await narrow.close();
  });

  test('is closed when what was under way is done, and for ever', async () => {
    partition++;
    const passing = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name });
    const writing = passing.batch(INSERT, [row(1, 1)], NOW_US);
    await Promise.all([passing.close(), writing]);
    expect(await session.execute(SELECT, [partition])).toHaveLength(1);
    expect(await codeOf(passing.execute(SELECT, [partition]))).toBe('CLOSED');
    expect(await codeOf(passing.batch(INSERT, [row(1, 1)], NOW_US))).toBe('CLOSED');
  });

  test('names the option that is wrong', async () => {
    const options = { contactPoints: [contactPoint], keyspace: 'Not One' };
    await expect(openSession(options)).rejects.toThrow(/^keyspace: "Not One"/u);
    await expect(openSession({ contactPoints: [], keyspace: 'x' })).rejects.toThrow(/^contactPoints: /u);
    await expect(openSession({ ...options, keyspace: 'x', username: 'me' })).rejects.toThrow(/^username/u);
    await expect(openSession({ ...options, keyspace: 'x', replicationFactor: 0 })).rejects.toThrow(
      /^replicationFactor: 0/u,
    );
  });
});
