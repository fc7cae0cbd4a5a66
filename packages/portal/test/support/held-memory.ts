// Preloaded into a daemon that runs with --expose-gc: says, asked over IPC, how many bytes it holds when its garbage is collected.
process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.(heapUsed + external);
});
process.channel?.unref();
