import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshKeyspace, sharedCassandra } from '../../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../../test/support/requires.ts';
import { TcpProxy } from '../../../../../../test/support/tcp-proxy.ts';
import { waitFor } from '../../../../../../test/support/wait-for.ts';
import type { DriverSession } from '../../../../src/backend/cassandra/session/driver-session.ts';
import { openSession } from '../../../../src/backend/cassandra/session/open-session.ts';
import type { SessionNews } from '../../../../src/backend/cassandra/session/session-news.ts';

const describeWithCassandra = await requires('cassandra');
const SELECT = 'SELECT key FROM system.local';

describeWithCassandra('a session over a network with faults', () => {
  let contactPoint: string;
  let keyspace: ReturnType<typeof freshKeyspace>;
  beforeAll(async () => {
    contactPoint = await sharedCassandra();
    keyspace = freshKeyspace(contactPoint);
  }, 120_000);
  afterAll(() => keyspace[Symbol.asyncDispose]());

  async function through(proxy: TcpProxy, news: SessionNews[]): Promise<DriverSession> {
    const options = {
      contactPoints: [proxy.address],
      keyspace: keyspace.name,
      requestTimeoutMs: 1_000,
      connectTimeoutMs: 1_000,
      reconnectAtMostMs: 500,
    };
    return openSession(options, (item) => news.push(item));
  }

  function statesOf(news: readonly SessionNews[]): string[] {
    return news.filter((item) => item.type === 'state').map(({ state }) => state);
  }

  test('says once that answers are late or fail, gives a dead connection up, and is well again by itself', async () => {
    const [host = '', port = ''] = contactPoint.split(':');
    await using proxy = await TcpProxy.start({ host, port: Number(port) });
    const news: SessionNews[] = [];
    const session = await through(proxy, news);
    expect(session.status).toMatchObject({ state: 'connected', nodes: 1, nodesDown: 0 });

    proxy.become('half-open');
    const failures = new Set<string>();
    await waitFor(
      async () => {
        const code = await session.execute(SELECT).then(
          () => 'answered',
          (error: { code: string }) => error.code,
        );
        failures.add(code);
        return session.status.state === 'disconnected';
      },
      { what: 'the dead connection is given up', timeoutMs: 60_000 },
    );
    expect([...failures].sort()).toEqual(expect.arrayContaining(['TIMEOUT']));
    expect(failures.has('answered')).toBe(false);
    expect(statesOf(news)).toEqual(['hanging', 'disconnected']);

    proxy.become('through');
    await waitFor(() => session.execute(SELECT), { what: 'an answer', timeoutMs: 60_000 });
    await waitFor(
      async () => {
        await session.execute(SELECT);
        return session.status.state === 'connected';
      },
      { what: 'all is well', timeoutMs: 60_000 },
    );
    expect(statesOf(news).at(-1)).toBe('connected');
    // It is the same life of the node.
    expect(news.filter(({ type }) => type === 'booted')).toEqual([]);
    expect(session.status.failures.get('TIMEOUT')).toBeGreaterThan(0);
    await session.close();
  }, 120_000);

  test('has fewer requests under way while answers come late', async () => {
    const [host = '', port = ''] = contactPoint.split(':');
    await using proxy = await TcpProxy.start({ host, port: Number(port) });
    const session = await through(proxy, []);
    const before = session.status.inFlightLimit;
    proxy.become('slow', 400);
    await Promise.all(Array.from({ length: 40 }, () => session.execute(SELECT)));
    expect(session.status.inFlightLimit).toBeLessThan(before / 2);
    await session.close();
  }, 120_000);
});
