import { clientError, PortalError } from '@katbus/client';
import type {
  ArchivedSample,
  BinSeries,
  BinsPage,
  BinsParams,
  HistoryPage,
  HistoryParams,
} from '@katbus/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SensorHistory, type HistorySource } from '../../src/page/sensor-history.ts';

const NOW = 1_000_000;

function sample(time: number): ArchivedSample {
  return { time, value_ts: time, status: 'nominal', value: time };
}

/** An archive whose answers a test gives out one by one: the order of things that a real one gives by chance. */
class ScriptedSource implements HistorySource {
  readonly asked: Omit<HistoryParams, 'after'>[] = [];
  readonly askedBins: Omit<BinsParams, 'after'>[] = [];
  binsPage: BinsPage = { start: 0, width: 86.4, bins: 1_000, series: [], through: 1 };
  #answers: (readonly ArchivedSample[] | Error)[] = [];
  #wake: () => void = () => undefined;

  give(answer: readonly ArchivedSample[] | Error): void {
    this.#answers.push(answer);
    this.#wake();
  }

  async *binsAll(params: Omit<BinsParams, 'after'>): AsyncGenerator<BinsPage, void, undefined> {
    this.askedBins.push(params);
    await Promise.resolve();
    yield this.binsPage;
  }

  async *historyAll(params: Omit<HistoryParams, 'after'>): AsyncGenerator<HistoryPage, void, undefined> {
    this.asked.push(params);
    while (this.#answers.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    const answer = this.#answers.shift()!;
    if (answer instanceof Error) throw answer;
    yield { component: 'host', sensor: 'load', samples: answer, through: 1 };
  }
}

const WIDE_SECONDS = 86_400;

describe('the history of a wide span', () => {
  let source: ScriptedSource;
  beforeEach(() => {
    source = new ScriptedSource();
  });
  const open = async (series: BinSeries, ...answers: (readonly ArchivedSample[])[]) => {
    source.binsPage = { start: NOW - WIDE_SECONDS, width: 86.4, bins: 1_000, series: [series], through: 1 };
    for (const answer of answers) source.give(answer);
    const history = new SensorHistory(source, {
      address: 'host.load',
      spanSeconds: WIDE_SECONDS,
      now: () => NOW,
      onChange: () => undefined,
    });
    await vi.waitFor(() => expect(history.note ?? '').not.toContain('reading'));
    history.close();
    return history;
  };
  const numbers = (counts: number[]): BinSeries => ({
    component: 'host',
    sensor: 'load',
    kind: 'number',
    bin: counts.map((_, bin) => bin),
    count: counts,
    nan: counts.map(() => 1),
  });

  it('is bins when there are many samples, and samples from its last minute on', async () => {
    const history = await open(numbers([5_000, 80_000]), [sample(NOW - 30)]);
    expect(source.askedBins).toEqual([
      { sensors: ['host.load'], start: NOW - WIDE_SECONDS, end: NOW - 60, bins: 1_000 },
    ]);
    expect(source.asked[0]).toEqual({ sensor: 'host.load', start: NOW - 60, end: NOW + 60, boundary: false });
    expect(history.past).toMatchObject({ samples: 85_002, until: NOW - 60 });
    expect(history.note).toContain('85,002 samples');
  });

  it('is every sample when there are few', async () => {
    const history = await open(numbers([50, 80]), [sample(NOW - 30)]);
    expect(source.asked[0]).toMatchObject({ start: NOW - WIDE_SECONDS, boundary: true });
    expect(history.past).toBeUndefined();
  });

  it('is every sample of a text that is always another, and of what has no plot', async () => {
    const states = Array.from({ length: 50 }, (_, place) => `text ${place}`);
    const texts = { component: 'host', sensor: 'load', kind: 'state' as const, bin: [0], count: [9_000] };
    const rest = { status: ['nominal' as const], last: [0], held: [[]] };
    expect((await open({ ...texts, ...rest, states }, [])).past).toBeUndefined();
    const history = await open({ ...texts, ...rest, states: ['on'] }, []);
    expect(history.past).toBeDefined();
    source.give([sample(NOW - 40_000)]);
    history.wantEverySample();
    await vi.waitFor(() => expect(history.series.samples).toHaveLength(1));
    expect(history.past).toBeUndefined();
    history.wantPlot();
    await vi.waitFor(() => expect(history.past).toBeDefined());
    const shown = history.series.samples.length;
    history.add(sample(NOW - 40_000));
    expect(history.series.samples).toHaveLength(shown);
    history.close();
  });
});

describe('sensor history', () => {
  let source: ScriptedSource;
  let history: SensorHistory;
  const onChange = vi.fn();
  const times = () => history.series.samples.map(({ time }) => time);

  beforeEach(() => {
    vi.useFakeTimers();
    onChange.mockReset();
    source = new ScriptedSource();
    history = new SensorHistory(source, {
      address: 'host.load',
      spanSeconds: 3_600,
      now: () => NOW,
      onChange,
    });
  });
  afterEach(() => {
    history.close();
    vi.useRealTimers();
  });

  it('joins the archive with what came live meanwhile', async () => {
    expect(source.asked).toEqual([
      { sensor: 'host.load', start: NOW - 3_600, end: NOW + 60, boundary: true },
    ]);
    expect(history.note).toContain('reading');
    history.add(sample(NOW - 1));
    history.add(sample(NOW));
    source.give([sample(NOW - 4_000), sample(NOW - 20), sample(NOW - 1)]);
    await vi.advanceTimersByTimeAsync(0);
    expect(times()).toEqual([NOW - 4_000, NOW - 20, NOW - 1, NOW]);
    expect(history.note).toBeUndefined();
    expect(onChange).toHaveBeenCalled();
  });

  it('asks twice more for the last minute, which may not have been archived at first', async () => {
    source.give([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(source.asked[1]).toMatchObject({ start: NOW - 60, boundary: false });
    source.give([sample(NOW - 2)]);
    await vi.advanceTimersByTimeAsync(0);
    expect(times()).toEqual([NOW - 2]);
    await vi.advanceTimersByTimeAsync(5_000);
    source.give([sample(NOW - 2), sample(NOW - 1)]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(times()).toEqual([NOW - 2, NOW - 1]);
    expect(source.asked).toHaveLength(3);
  });

  it('asks again after a failure that may pass, and says what the matter is', async () => {
    source.give(clientError('disconnected'));
    await vi.advanceTimersByTimeAsync(0);
    expect(history.note).toContain('asking again');
    source.give([sample(NOW - 5)]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(times()).toEqual([NOW - 5]);
    expect(history.note).toBeUndefined();
  });

  it('waits for a sensor that the archive does not have yet', async () => {
    source.give(new PortalError('notFound', 'no such sensor', { retryable: false }));
    await vi.advanceTimersByTimeAsync(0);
    expect(history.note).toContain('nothing of this sensor yet');
    source.give([sample(NOW - 5)]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(times()).toEqual([NOW - 5]);
  });

  it('gives up on what will be refused again', async () => {
    source.give(new PortalError('invalidParams', 'start is wrong', { retryable: false }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(source.asked).toHaveLength(1);
    expect(history.note).toContain('start is wrong');
  });

  it('drops the answer to an older asking, and everything once it is closed', async () => {
    history.reload();
    await vi.advanceTimersByTimeAsync(0);
    source.give([sample(NOW - 7)]);
    await vi.advanceTimersByTimeAsync(0);
    history.close();
    source.give([sample(NOW - 8)]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(source.asked).toHaveLength(2);
    expect(times().length).toBeLessThanOrEqual(1);
  });
});
