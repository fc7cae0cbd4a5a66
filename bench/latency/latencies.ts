import { toMicroseconds, wallClockUs } from '@katbus/protocol';

/** What a receiver tells the benchmark when it is over. */
export interface ReceiverResult {
  /** Samples of the whole run, the warm-up included. */
  readonly received: number;
  /** Samples after the warm-up. */
  readonly measured: number;
  /** Milliseconds from `time`, when the broker made the sample, to the listener. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly most: number;
  readonly faults: readonly string[];
}

/** Notes when samples arrive. Publisher and receiver are on one machine and read the same clock. */
export class Latencies {
  readonly #fromUs: number;
  readonly #measuredUs: number[] = [];
  readonly #faults: string[] = [];
  #received = 0;

  /** @param warmUpSeconds samples of so long from now are only counted */
  constructor(warmUpSeconds: number) {
    this.#fromUs = wallClockUs() + warmUpSeconds * 1e6;
  }

  add(timeSeconds: number): void {
    this.#received += 1;
    const nowUs = wallClockUs();
    const timeUs = toMicroseconds(timeSeconds);
    if (timeUs >= this.#fromUs) this.#measuredUs.push(nowUs - timeUs);
  }

  fault(text: string): void {
    this.#faults.push(text);
  }

  get received(): number {
    return this.#received;
  }

  result(): ReceiverResult {
    const sorted = Float64Array.from(this.#measuredUs).sort();
    const at = (share: number) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN) / 1000;
    return {
      received: this.#received,
      measured: sorted.length,
      p50: at(0.5),
      p99: at(0.99),
      p999: at(0.999),
      most: at(1),
      faults: this.#faults,
    };
  }
}

/** The receiver's side of the talk with the benchmark: `ready` when it listens, then at each message how many have come, at the end all. */
export function serveBench(latencies: Latencies): void {
  process.on('message', (request) => {
    process.send?.(request === 'end' ? latencies.result() : latencies.received);
  });
  process.send?.('ready');
}
