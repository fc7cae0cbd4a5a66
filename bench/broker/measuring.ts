/** Processor time of this process that a piece of work takes, nanoseconds. */
export function cpuNanoseconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

/** The least of several: what else the machine does can only add to what a piece of work takes. */
export function least(figures: readonly number[]): number {
  return Math.min(...figures);
}

/** Heap and typed arrays after a full collection, bytes. */
export function heldBytes(): number {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc');
  for (let round = 0; round < 3; round += 1) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
