import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heartbeat } from '../src/heartbeat.ts';

describe('heartbeat', () => {
  const ask = vi.fn();
  const onDead = vi.fn();
  const options = { quietMs: 30_000, signTimeoutMs: 10_000 };

  beforeEach(() => {
    vi.useFakeTimers();
    ask.mockReset();
    onDead.mockReset();
  });
  afterEach(() => void vi.useRealTimers());

  it('asks nothing while frames come', () => {
    const heartbeat = new Heartbeat(options, ask, onDead);
    for (let second = 0; second < 300; second += 20) {
      vi.advanceTimersByTime(20_000);
      heartbeat.heard();
    }
    expect(ask).not.toHaveBeenCalled();
    heartbeat.stop();
  });

  it('asks once the connection was quiet for the whole time, and goes on when a sign comes', () => {
    const heartbeat = new Heartbeat(options, ask, onDead);
    vi.advanceTimersByTime(12_000);
    heartbeat.heard();
    vi.advanceTimersByTime(29_999);
    expect(ask).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ask).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(4_000);
    heartbeat.heard();
    vi.advanceTimersByTime(29_999);
    expect(ask).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(onDead).not.toHaveBeenCalled();
    heartbeat.stop();
  });

  it('calls the connection dead when no sign comes in time', () => {
    new Heartbeat(options, ask, onDead);
    vi.advanceTimersByTime(39_999);
    expect(onDead).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onDead).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds no timer when it is stopped or switched off', () => {
    new Heartbeat(options, ask, onDead).stop();
    new Heartbeat({ ...options, quietMs: 0 }, ask, onDead);
    expect(vi.getTimerCount()).toBe(0);
  });
});
