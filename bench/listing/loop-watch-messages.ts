export interface ToLoopWatch {
  readonly type: 'turns';
}

export interface FromLoopWatch {
  readonly type: 'turns';
  /** Since the question before, ms, by the clock: with it what the machine gave to others meanwhile. */
  readonly longestMs: number;
  /** Processor time of the loop's thread, ms: at most a millisecond too much. */
  readonly longestCpuMs: number;
}
