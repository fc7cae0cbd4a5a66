import type { MetSensor } from './met-sensor.ts';

/** Rows of one partition that go into one request. */
const ROWS_A_BATCH = 100;
/** Requests that are asked for at once; the session decides how many of them are under way. */
const BATCHES_AT_ONCE = 16;

/** Sensors in runs of one component each, as many as fit into a request: their rows lie in one partition. */
export function runsByComponent(
  sensors: Iterable<MetSensor>,
  most = ROWS_A_BATCH,
): readonly (readonly MetSensor[])[] {
  const runs: MetSensor[][] = [];
  const open = new Map<string, MetSensor[]>();
  for (const sensor of sensors) {
    let run = open.get(sensor.component);
    if (run === undefined || run.length >= most) {
      run = [];
      runs.push(run);
      open.set(sensor.component, run);
    }
    run.push(sensor);
  }
  return runs;
}

/** Rejects with the first that rejects; those under way are waited for all the same. */
export async function eachAtOnce<Item>(
  items: Iterable<Item>,
  act: (item: Item) => Promise<unknown>,
  atOnce = BATCHES_AT_ONCE,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let fault: { readonly error: unknown } | undefined;
  const worker = async () => {
    for (;;) {
      if (fault !== undefined) return;
      const next = waiting.next();
      if (next.done === true) return;
      try {
        await act(next.value);
      } catch (error) {
        fault ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (fault !== undefined) throw fault.error;
}
