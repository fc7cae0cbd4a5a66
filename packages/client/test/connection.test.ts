import { CLOSE_CODES } from '@katbus/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection, type ConnectionState } from '../src/connection.ts';
import type { Dial, Line, LineEvents } from '../src/dial.ts';
import { resolveOptions } from '../src/options.ts';

/** A websocket whose fate a test decides. */
interface FakeLine extends Line {
  readonly events: LineEvents;
  cutByUs: boolean;
  over: boolean;
}

const FIRST_DELAY_MS = 400;

function setUp() {
  const lines: FakeLine[] = [];
  const states: string[] = [];
  const calls = { open: 0, lost: 0, quiet: 0 };
  const dial: Dial = (_url, events) => {
    const line: FakeLine = {
      events,
      cutByUs: false,
      over: false,
      send: () => undefined,
      cut: () => {
        line.cutByUs = true;
        line.over = true;
      },
    };
    lines.push(line);
    return line;
  };
  const connection = new Connection(
    resolveOptions({ url: 'ws://portal/ws', dial, random: () => 0.5, firstDelayMs: FIRST_DELAY_MS }),
    {
      onState: (state: ConnectionState) => states.push(state.name),
      onOpen: () => (calls.open += 1),
      onFrame: () => undefined,
      onLost: () => (calls.lost += 1),
      onQuiet: () => (calls.quiet += 1),
    },
  );
  return { connection, lines, states, calls };
}

describe('connection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('opens, is lost, waits a jittered time, and opens again', () => {
    const { connection, lines, states, calls } = setUp();
    lines[0]!.events.onOpen();
    lines[0]!.events.onClosed({ code: 1006, reason: '' });
    expect(connection.state).toMatchObject({ name: 'waiting', delayMs: FIRST_DELAY_MS / 2 });
    vi.advanceTimersByTime(FIRST_DELAY_MS / 2);
    lines[1]!.events.onOpen();
    expect(states).toEqual(['open', 'waiting', 'connecting', 'open']);
    expect(calls).toEqual({ open: 2, lost: 1, quiet: 0 });
    connection.close({ code: 1000, reason: '' });
  });

  it('gives up an attempt that takes too long', () => {
    const { connection, lines } = setUp();
    vi.advanceTimersByTime(10_000);
    expect(lines[0]!.cutByUs).toBe(true);
    expect(connection.state).toMatchObject({ name: 'waiting', disconnect: { code: 1006 } });
    connection.close({ code: 1000, reason: '' });
  });

  it('waits longer when a portal accepts and closes at once, and begins anew after a connection that lasted', () => {
    const { connection, lines } = setUp();
    const delays: number[] = [];
    const loseAfter = (ms: number) => {
      lines.at(-1)!.events.onOpen();
      vi.advanceTimersByTime(ms);
      lines.at(-1)!.events.onClosed({ code: 1013, reason: '' });
      if (connection.state.name === 'waiting') delays.push(connection.state.delayMs);
      connection.dialNow();
    };
    loseAfter(0);
    loseAfter(0);
    loseAfter(0);
    loseAfter(5_000);
    expect(delays).toEqual([200, 400, 800, 200]);
    connection.close({ code: 1000, reason: '' });
  });

  it.each(Object.values(CLOSE_CODES))(
    'after close code $code ($reason) comes back: $comeBack',
    ({ code, reason, comeBack }) => {
      const { connection, lines } = setUp();
      lines[0]!.events.onOpen();
      lines[0]!.events.onClosed({ code, reason });
      expect(connection.state.name).toBe(comeBack ? 'waiting' : 'closed');
      expect(connection.state).toMatchObject({ disconnect: { code, reason } });
      connection.close({ code: 1000, reason: '' });
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('cuts a line on which no sign of life comes, and dials again', () => {
    const { connection, lines, calls } = setUp();
    lines[0]!.events.onOpen();
    vi.advanceTimersByTime(30_000);
    expect(calls.quiet).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(lines[0]!.cutByUs).toBe(true);
    expect(connection.state.name).toBe('waiting');
    connection.close({ code: 1000, reason: '' });
  });

  it('does not tell of a state that a listener has already left', () => {
    const seen: string[] = [];
    let line: LineEvents | undefined;
    const connection: Connection = new Connection(
      resolveOptions({
        url: 'ws://portal/ws',
        dial: (_url, events) => ((line = events), { send: () => undefined, cut: () => undefined }),
      }),
      {
        onState: ({ name }) => {
          seen.push(name);
          if (name === 'waiting') connection.close({ code: 1000, reason: 'enough' });
        },
        onOpen: () => undefined,
        onFrame: () => undefined,
        onLost: () => undefined,
        onQuiet: () => undefined,
      },
    );
    line!.onClosed({ code: 1006, reason: '' });
    expect(seen).toEqual(['waiting', 'closed']);
  });

  /**
   * What holds in every state:
   * 1. at most one line is not over, and exactly when connecting or open; a line is cut exactly when we leave it before it ends by itself;
   * 2. a closed connection holds no timer; connecting and waiting hold one; open holds one (the heartbeat);
   * 3. it sends only when open; 4. every opening is followed by one loss; closing what is not open counts as one more.
   */
  it('keeps its invariants on random walks', () => {
    const step = fc.oneof(
      fc.constantFrom('open', 'frame', 'dialNow').map((kind) => ({ kind, value: 0 })),
      fc.constantFrom(1006, 1001, 1011, 4008).map((value) => ({ kind: 'end', value })),
      fc.constantFrom(1, 200, 5_000, 45_000).map((value) => ({ kind: 'pass', value })),
      { weight: 1, arbitrary: fc.constantFrom({ kind: 'refuse', value: 4010 }, { kind: 'close', value: 0 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        vi.clearAllTimers();
        const { connection, lines, calls } = setUp();
        for (const { kind, value } of steps) {
          const line = lines.at(-1)!;
          const wasClosed = connection.state.name === 'closed';
          if (kind === 'pass') vi.advanceTimersByTime(value);
          else if (kind === 'dialNow') connection.dialNow();
          else if (kind === 'close') connection.close({ code: 1000, reason: '' });
          else if (!line.over && kind === 'open') line.events.onOpen();
          else if (!line.over && kind === 'frame') line.events.onFrame('{}');
          else if (!line.over && (kind === 'end' || kind === 'refuse')) {
            line.over = true;
            line.events.onClosed({ code: value, reason: '' });
          }
          const { name } = connection.state;
          const alive = lines.filter(({ over }) => !over);
          expect(alive).toHaveLength(name === 'connecting' || name === 'open' ? 1 : 0);
          if ('line' in connection.state) expect(alive[0]).toBe(connection.state.line);
          expect(vi.getTimerCount()).toBe(name === 'closed' ? 0 : 1);
          expect(connection.send('x')).toBe(name === 'open');
          const openings = calls.open - calls.lost;
          expect(name === 'closed' ? [0, -1] : name === 'open' ? [1] : [0]).toContain(openings);
          if (wasClosed) expect(name).toBe('closed');
        }
        connection.close({ code: 1000, reason: '' });
      }),
      { numRuns: 300 },
    );
  });
});
