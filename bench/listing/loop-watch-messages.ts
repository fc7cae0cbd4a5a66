export interface ToLoopWatch {
  readonly type: 'turns';
}

export interface FromLoopWatch {
  readonly type: 'turns';
  /** Since the question before, ms. */
  readonly longestMs: number;
}
