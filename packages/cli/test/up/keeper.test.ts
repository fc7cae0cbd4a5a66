import { describe, expect, it, vi } from 'vitest';
import { Keeper, type KeeperOptions } from '../../src/up/keeper.ts';
import { PartEndedError, type Part, type RunningPart } from '../../src/up/part.ts';

const FAST: KeeperOptions = { firstPauseMs: 5, longestPauseMs: 20, settledMs: 10_000, mostFailures: 3 };

/** A part whose every life the test decides. */
class FakePart implements Part {
  readonly name = 'fake';
  starts = 0;
  private current = Promise.withResolvers<string>();
  failure: PartEndedError | undefined;

  start(): Promise<RunningPart> {
    this.starts += 1;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.current = Promise.withResolvers<string>();
    const { promise: ended } = this.current;
    const end = () => this.die('signal SIGTERM');
    return Promise.resolve({ ended, stop: () => Promise.resolve(end()), kill: end });
  }

  die(how: string): void {
    this.current.resolve(how);
  }
}

const untilStarts = (part: FakePart, starts: number) => vi.waitFor(() => expect(part.starts).toBe(starts));

describe('a keeper', () => {
  it('starts again what died, and says so', async () => {
    const part = new FakePart();
    const tell = vi.fn();
    const keeper = new Keeper(part, tell, FAST);
    await keeper.start(vi.fn());
    part.die('signal SIGKILL');
    await untilStarts(part, 2);
    await vi.waitFor(() => expect(tell).toHaveBeenCalledWith('info', 'is up again'));
    expect(tell).toHaveBeenCalledWith('warn', expect.stringContaining('signal SIGKILL'));
    await keeper.stop();
  });

  it('gives up what dies three times in a row without having lived long', async () => {
    const part = new FakePart();
    const onGivenUp = vi.fn();
    const keeper = new Keeper(part, vi.fn(), FAST);
    await keeper.start(onGivenUp);
    for (const start of [1, 2, 3]) {
      await untilStarts(part, start);
      await vi.waitFor(() => {
        part.die('exit code 1');
        expect(part.starts > start || onGivenUp.mock.calls.length > 0).toBe(true);
      });
    }
    expect(onGivenUp).toHaveBeenCalledTimes(1);
    expect(onGivenUp).toHaveBeenCalledWith(
      expect.objectContaining({ message: expect.stringContaining('3 times') as string }),
    );
    await keeper.stop();
  });

  it('counts failures anew for what had lived long', async () => {
    const part = new FakePart();
    const onGivenUp = vi.fn();
    const keeper = new Keeper(part, vi.fn(), { ...FAST, settledMs: 0 });
    await keeper.start(onGivenUp);
    for (let start = 1; start <= 6; start += 1) {
      await untilStarts(part, start);
      await vi.waitFor(() => {
        part.die('exit code 1');
        expect(part.starts).toBe(start + 1);
      });
    }
    expect(onGivenUp).not.toHaveBeenCalled();
    await keeper.stop();
  });

  it('gives up at once when to start again would not help', async () => {
    const part = new FakePart();
    part.failure = new PartEndedError('port 4222 is in use', { isFinal: true });
    const onGivenUp = vi.fn();
    await expect(new Keeper(part, vi.fn(), FAST).start(onGivenUp)).rejects.toThrow('port 4222 is in use');
    expect(part.starts).toBe(1);
    expect(onGivenUp).toHaveBeenCalledTimes(1);
  });

  it('stops what runs, and a pause before a new start', async () => {
    const part = new FakePart();
    const keeper = new Keeper(part, vi.fn(), { ...FAST, firstPauseMs: 60_000, longestPauseMs: 60_000 });
    await keeper.start(vi.fn());
    part.die('exit code 1');
    await vi.waitFor(() => expect(part.starts).toBe(1));
    await keeper.stop();
    expect(part.starts).toBe(1);
  });
});
