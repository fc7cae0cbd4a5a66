import { describe, expect, it, vi } from 'vitest';
import { PortalClient } from '../src/index.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { sampleOf } from './fault-portal.ts';
import { usePortal } from './use-portal.ts';

const LOAD = 'sensor.normal.host.load';

describe('portal client', () => {
  const here = usePortal();

  describe('requests', () => {
    it('wait for the connection and give the answer', async () => {
      const client = here.connect();
      expect(client.state.name).toBe('connecting');
      expect(await client.info()).toMatchObject({ portal: 'fault' });
      expect(client.state).toEqual({ name: 'open' });
    });

    it('reject with the portal’s code, message and field', async () => {
      here.portal.scripts.set('history', () => ({ error: 'invalidParams', field: 'start' }));
      await expect(here.connect().history({ sensor: 'host.load', start: 2, end: 1 })).rejects.toMatchObject({
        code: 'invalidParams',
        rpcCode: -32602,
        field: 'start',
        retryable: false,
      });
    });

    it('reject with noAnswer when the portal stays silent', async () => {
      here.portal.scripts.set('list', () => 'silence');
      const client = here.connect({ requestTimeoutMs: 100 });
      await client.info();
      await expect(client.list()).rejects.toMatchObject({ code: 'noAnswer', retryable: true });
    });

    it('under way reject as retryable when the connection goes down', async () => {
      here.portal.scripts.set('list', () => {
        here.portal.cutSessions();
        return 'silence';
      });
      await expect(here.connect().list()).rejects.toMatchObject({ code: 'disconnected', retryable: true });
    });

    it('reject with disconnected when there is no portal within their time', async () => {
      await here.portal.stop();
      const client = here.connect({ requestTimeoutMs: 200 });
      await expect(client.info()).rejects.toMatchObject({ code: 'disconnected', retryable: true });
      expect(['waiting', 'connecting']).toContain(client.state.name);
    });

    it('reject at once when the client is closed', async () => {
      const client = here.connect();
      const underWay = client.info();
      client.close();
      await expect(underWay).rejects.toMatchObject({ code: 'closed' });
      await expect(client.info()).rejects.toMatchObject({ code: 'closed', retryable: false });
      expect(() => client.subscribe([LOAD], {})).toThrow('closed');
    });
  });

  describe('history', () => {
    it('goes through all pages, one ahead of the consumer, and asks again when the connection cost one', async () => {
      let cuts = 1;
      here.portal.scripts.set('history', ({ after }) => {
        if (after === 'b' && cuts-- > 0) {
          here.portal.cutSessions();
          return 'silence';
        }
        const next = { undefined: 'a', a: 'b', b: undefined }[String(after)];
        return {
          result: { component: 'host', sensor: 'load', samples: [], through: 1, ...(next && { next }) },
        };
      });
      const seen: (string | undefined)[] = [];
      for await (const { next } of here.connect().historyAll({ sensor: 'host.load', start: 0, end: 1 })) {
        seen.push(next);
        const waited = here.portal.asked('history').length;
        // One ahead of the consumer at most, however long it takes; the third page was asked for twice.
        await new Promise((resolve) => setImmediate(resolve));
        expect(waited).toBeLessThanOrEqual(seen.length === 3 ? 4 : seen.length + 1);
      }
      expect(seen).toEqual(['a', 'b', undefined]);
      const asked = here.portal.asked('history').map(({ params }) => (params as { after?: string }).after);
      expect(asked).toEqual([undefined, 'a', 'b', 'b']);
    });

    it('has the next page on its way while the consumer works on one, and no more', async () => {
      here.portal.scripts.set('history', ({ after }) => ({
        result: {
          component: 'host',
          sensor: 'load',
          samples: [],
          through: 1,
          next: String(Number(after ?? 0) + 1),
        },
      }));
      const pages = here.connect().historyAll({ sensor: 'host.load', start: 0, end: 1 });
      for (const expected of [2, 3, 4]) {
        await pages.next();
        await waitFor(() => here.portal.asked('history').length === expected, {
          what: `${expected} pages asked for`,
        });
      }
      await pages.return();
      expect(here.portal.asked('history').length).toBe(4);
    });

    it('ends with the portal’s error', async () => {
      here.portal.scripts.set('history', () => ({ error: 'notFound' }));
      const pages = here.connect().historyAll({ sensor: 'host.none', start: 0, end: 1 });
      await expect(pages.next()).rejects.toMatchObject({ code: 'notFound' });
    });
  });

  it('counts what it cannot read, and goes on', async () => {
    const client = here.connect();
    const values: unknown[] = [];
    await client.subscribe(['sensor.>'], { onSample: ({ value }) => values.push(value) }).ready;
    here.portal.sendRaw('no json');
    here.portal.sendRaw(new Uint8Array([1, 2, 3]));
    here.portal.sendRaw('{"jsonrpc":"2.0","method":"sample","params":{"subject":5}}');
    here.portal.sendRaw('{"jsonrpc":"2.0","method":"weather","params":{}}');
    here.portal.sendRaw('{"jsonrpc":"2.0","id":12345,"result":{}}');
    here.portal.publish(LOAD, sampleOf('load', 1));
    await vi.waitFor(() => expect(values).toEqual([1]));
    expect(client.counters).toMatchObject({ malformed: 3, unknown: 1, unclaimed: 1 });
  });

  it('lets a handler that throws disturb nobody else', async () => {
    const client = here.connect();
    const values: unknown[] = [];
    const uncaught = new Promise((resolve) => {
      const before = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of before) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    client.subscribe(['sensor.>'], {
      onSample: () => {
        throw new Error('a handler’s own');
      },
    });
    await client.subscribe(['sensor.>'], { onSample: ({ value }) => values.push(value) }).ready;
    here.portal.publish(LOAD, sampleOf('load', 1));
    expect(await uncaught).toMatchObject({ message: 'a handler’s own' });
    expect(values).toEqual([1]);
  });

  it.each([
    [{ url: 'nonsense' }, 'url'],
    [{ url: 'http://127.0.0.1/' }, 'url'],
    [{ url: 'ws://127.0.0.1/', requestTimeoutMs: 0 }, 'requestTimeoutMs'],
    [{ url: 'ws://127.0.0.1/', longestDelayMs: Number.NaN }, 'longestDelayMs'],
  ])('refuses options %j, naming %s', (options, field) => {
    expect(() => new PortalClient(options)).toThrow(expect.objectContaining({ code: 'badOption', field }));
  });
});
