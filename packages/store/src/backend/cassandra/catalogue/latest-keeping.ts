import type { LatestColumns } from './latest-columns.ts';
import type { LatestTable } from './latest-table.ts';
import type { MetSensor } from './met-sensor.ts';
import type { WriteClock } from './write-clock.ts';

export interface LatestKeepingOptions {
  readonly latestSeconds: number;
  readonly latestRowsPerSecond: number;
}

export interface LatestKeepingParts {
  readonly table: Pick<LatestTable, 'write'>;
  readonly columns: LatestColumns;
  readonly clock: WriteClock;
  readonly sensorOf: (number: number) => MetSensor;
  /** A round could not be written: what was in it is written with the next. */
  readonly onTrouble: (error: unknown) => void;
}

const TURN_MS = 250;

/**
 * Brings latest values to their table, round by round, each spread over its time: a sensor is written once a round at most. What is not in the table when the
 * process dies is read from the stream again, because the stream is read from a floor that is older than the last round that was finished.
 */
export class LatestKeeping {
  readonly #parts: LatestKeepingParts;
  readonly #options: LatestKeepingOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: { readonly sinceUs: number; readonly numbers: number[]; readonly perTurn: number } | undefined;
  #roundBeganMs = -Infinity;
  #throughUs = 0;
  #writing: Promise<void> | undefined;

  constructor(parts: LatestKeepingParts, options: LatestKeepingOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** By the clock of writing: what was taken in before is in the table. */
  get throughUs(): number {
    return this.#throughUs;
  }

  /** @param throughUs what the table has already */
  start(throughUs: number): void {
    this.#throughUs = throughUs;
    this.#timer ??= setInterval(() => {
      this.#writing ??= this.#turn().finally(() => {
        this.#writing = undefined;
      });
    }, TURN_MS).unref();
  }

  /** Whatever is not in the table goes there now. @throws {StoreError} */
  async settle(): Promise<void> {
    await this.#writing;
    const sinceUs = this.#parts.clock.next();
    const numbers = [...(this.#round?.numbers ?? []), ...this.#parts.columns.takeChanged()];
    this.#round = undefined;
    await this.#write(numbers);
    this.#throughUs = sinceUs;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #turn(): Promise<void> {
    const nowMs = performance.now();
    const { latestSeconds, latestRowsPerSecond } = this.#options;
    if (this.#round === undefined) {
      if (nowMs - this.#roundBeganMs < latestSeconds * 1000) return;
      this.#roundBeganMs = nowMs;
      const sinceUs = this.#parts.clock.next();
      const numbers = this.#takeChanged();
      // In half of the time that it has, so that the next round begins when it is to.
      const spread = Math.ceil((2 * numbers.length * TURN_MS) / (latestSeconds * 1000));
      const perTurn = Math.max(1, Math.min(spread, (latestRowsPerSecond * TURN_MS) / 1000));
      this.#round = { sinceUs, numbers, perTurn: Math.ceil(perTurn) };
    }
    const round = this.#round;
    try {
      await this.#write(round.numbers.splice(-round.perTurn));
    } catch (error) {
      this.#parts.columns.giveBack(round.numbers);
      this.#round = undefined;
      this.#parts.onTrouble(error);
      return;
    }
    if (round.numbers.length > 0) return;
    this.#throughUs = round.sinceUs;
    this.#round = undefined;
  }

  /** Sensors of one component side by side: their rows lie in one partition. */
  #takeChanged(): number[] {
    const components = new Map<string, number[]>();
    for (const number of this.#parts.columns.takeChanged()) {
      const { component } = this.#parts.sensorOf(number);
      const numbers = components.get(component);
      if (numbers === undefined) components.set(component, [number]);
      else numbers.push(number);
    }
    return [...components.values()].flat();
  }

  async #write(numbers: readonly number[]): Promise<void> {
    if (numbers.length === 0) return;
    const { table, columns, sensorOf } = this.#parts;
    try {
      await table.write(numbers.map(sensorOf), ({ number }) => columns.rowOf(number));
    } catch (error) {
      columns.giveBack(numbers);
      throw error;
    }
  }
}
