import type { Backend, WriteSummary } from '../../src/backend/backend.ts';
import { MemoryBackend } from '../../src/backend/memory/memory-backend.ts';
import type { StreamFloor, WriteBatch } from '../../src/backend/write-batch.ts';

/**
 * A back end that acknowledges before it has synced, and loses on request what it acknowledged since: what the crash of a Cassandra node does.
 * All else is the memory back end's.
 */
export class ForgetfulBackend {
  readonly intake = { idleWriteMs: 100 };
  #inner = new MemoryBackend();
  #synced: WriteBatch[] = [];
  #unsynced: WriteBatch[] = [];
  #setBack: string | undefined;
  /** Whether the archiver has asked where to begin since the last crash: until then its floors are above what was lost, and count for nothing. */
  #isHeard = true;
  /** Of all that was ever acknowledged, lost or not. */
  samplesWritten = 0;
  writes = 0;

  /** As the archiver and the history service see it. */
  get backend(): Backend {
    return new Proxy(this.#inner, {
      get: (_, name) => {
        const own = { write: this.#write, begin: this.#begin, intake: this.intake }[name as 'write'];
        if (own !== undefined) return typeof own === 'function' ? own.bind(this) : own;
        const value: unknown = Reflect.get(this.#inner, name);
        return typeof value === 'function' ? (value as () => unknown).bind(this.#inner) : value;
      },
    });
  }

  /** What was acknowledged until now stays. */
  sync(): void {
    this.#synced.push(...this.#unsynced.splice(0));
  }

  /** What was acknowledged since {@link sync} is gone, the catalogue's part with it; the next write tells. */
  async crash(why = 'the node booted anew'): Promise<void> {
    const inner = new MemoryBackend();
    for (const batch of this.#synced) await inner.write(batch);
    // At one moment: what was acknowledged while it booted is lost too, and must not be taken for synced later.
    this.#unsynced = [];
    this.#inner = inner;
    this.#setBack = why;
    this.#isHeard = false;
  }

  async #write(batch: WriteBatch): Promise<WriteSummary> {
    this.writes++;
    // The archiver's columns are its own: kept as rows.
    const kept = { ...batch, samples: [...batch.samples] };
    const inner = this.#inner;
    const summary = await inner.write(kept);
    this.samplesWritten += kept.samples.length;
    // Acknowledged by a node that was killed meanwhile: lost like the rest.
    if (inner === this.#inner) this.#unsynced.push(this.#isHeard ? kept : { ...kept, floor: undefined });
    const setBack = this.#setBack;
    this.#setBack = undefined;
    return { ...summary, setBack };
  }

  #begin(): Promise<StreamFloor | undefined> {
    this.#isHeard = true;
    return Promise.resolve(this.#synced.findLast(({ floor }) => floor !== undefined)?.floor);
  }
}
