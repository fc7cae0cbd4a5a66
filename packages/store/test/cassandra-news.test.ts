import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createLogger } from '@katbus/bus/daemon';
import { CassandraNews } from '../src/cassandra-news.ts';

const STATUS = {
  state: 'hanging',
  nodes: 3,
  nodesDown: 1,
  inFlightLimit: 16,
  inFlight: 4,
  waiting: 2,
  averageMs: 250,
  requests: 100,
  failures: new Map([['TIMEOUT', 7] as const]),
} as const;

function news() {
  const lines: string[] = [];
  const logger = createLogger({ name: 'store', level: 'info', format: 'json' });
  for (const level of ['info', 'warn'] as const) {
    logger[level] = (line: string) => lines.push(`${level}: ${line}`);
  }
  const registry = new Registry();
  return { told: new CassandraNews(logger, registry), lines, registry };
}

async function values(registry: Registry, name: string): Promise<Record<string, number>> {
  const found = await registry.getSingleMetric(`katbus_store_cassandra_${name}`)?.get();
  return Object.fromEntries(
    (found?.values ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );
}

describe('what is told of an archive in Cassandra', () => {
  test('has no metrics as long as there is none', async () => {
    const { registry } = news();
    expect(await registry.metrics()).not.toContain('cassandra');
  });

  test('the state of its session, for as long as it is open', async () => {
    const { told, registry } = news();
    told.tell({ type: 'opened', status: () => STATUS });
    expect(await values(registry, 'state')).toEqual({
      connected: 0,
      degraded: 0,
      hanging: 1,
      disconnected: 0,
    });
    expect(await values(registry, 'nodes_down')).toEqual({ '': 1 });
    expect(await values(registry, 'answer_seconds')).toEqual({ '': 0.25 });
    expect(await values(registry, 'failures')).toEqual({ TIMEOUT: 7 });
    told.tell({ type: 'closed' });
    expect(await values(registry, 'nodes_down')).toEqual({ '': NaN });
    expect(await values(registry, 'failures')).toEqual({});
  });

  test('that nodes are away or back, and that one was booted anew', async () => {
    const { told, lines, registry } = news();
    const state = (state: 'disconnected' | 'connected', message: string) =>
      told.tell({ type: 'session', news: { type: 'state', state, message } });
    state('disconnected', 'nobody there');
    state('connected', 'all is well');
    told.tell({
      type: 'session',
      news: { type: 'booted', node: '127.0.0.1', knownUntilMs: 0, message: 'booted' },
    });
    expect(lines).toEqual(['warn: nobody there', 'info: all is well', 'warn: booted']);
    expect(await values(registry, 'boots_total')).toEqual({ '': 1 });
  });

  test('what fails by itself is said once, counted each time, and said to be over', async () => {
    const { told, lines, registry } = news();
    const fail = (message: string) =>
      told.tell({ type: 'trouble', what: 'sealing', error: new Error(message) });
    fail('no node');
    fail('no node');
    fail('no room');
    told.tell({ type: 'lag', lagSeconds: 12 });
    const report = { sealedSlices: 0, samples: 0, chunks: 0 };
    told.tell({ type: 'kept', report, tookMs: 10 });
    told.tell({
      type: 'kept',
      report: { sealedSlices: 3, samples: 5_000, chunks: 40 },
      tookMs: 2_340,
    });
    expect(lines).toEqual([
      'warn: sealing: no node; it is tried again',
      'warn: sealing: no room; it is tried again',
      'info: sealing: all is well again',
      'info: sealed 3 slices in 2.3 s: 5000 samples became 40 chunks',
    ]);
    expect(await values(registry, 'troubles_total')).toEqual({ sealing: 3 });
    expect(await values(registry, 'chunks_sealed_total')).toEqual({ '': 40 });
    expect(await values(registry, 'journal_lag_seconds')).toEqual({ '': 12 });
  });
});
