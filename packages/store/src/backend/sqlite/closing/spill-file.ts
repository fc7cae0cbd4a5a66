import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { ColumnBlock } from '../../column-block.ts';
import { encodeChunk } from '../../../chunk/chunk-encoder.ts';
import { Chunk } from '../../../chunk/chunk.ts';
import { attempt } from '../sqlite-file.ts';

const WRITE_AT_ONCE = 1024 ** 2;
const READ_AT_ONCE = 64 * 1024;
const SEGMENT_HEADER_BYTES = 8;

/** One sensor's part of a run. */
export interface Segment {
  readonly sensor: number;
  readonly block: ColumnBlock;
}

/**
 * Runs that are too many for the memory, on the disk while a day is closed: segment after segment, each a sensor's number, its length in bytes
 * and an uncompressed chunk. Nobody needs it after a crash.
 */
export class SpillFile {
  readonly #path: string;
  readonly #descriptor: number;
  #bytes = 0;

  /** @throws {StoreError} */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = attempt(path, () => openSync(path, 'w+'));
  }

  /** @returns where the run is: argument of {@link read} */
  async write(run: Iterable<Segment>, step: () => Promise<void>): Promise<SpilledRun> {
    const fromByte = this.#bytes;
    let pending: Uint8Array[] = [];
    let pendingBytes = 0;
    const flush = () => {
      attempt(this.#path, () => {
        const bytes = Buffer.concat(pending);
        for (let at = 0; at < bytes.length;) {
          at += writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#bytes + at);
        }
        this.#bytes += bytes.length;
      });
      pending = [];
      pendingBytes = 0;
    };
    for (const { sensor, block } of run) {
      const chunk = encodeChunk(block, { compress: false });
      const header = new DataView(new ArrayBuffer(SEGMENT_HEADER_BYTES));
      header.setUint32(0, sensor, true);
      header.setUint32(4, chunk.length, true);
      pending.push(new Uint8Array(header.buffer), chunk);
      pendingBytes += SEGMENT_HEADER_BYTES + chunk.length;
      if (pendingBytes >= WRITE_AT_ONCE) flush();
      await step();
    }
    flush();
    return { fromByte, toByte: this.#bytes };
  }

  *read({ fromByte, toByte }: SpilledRun): Generator<Segment, void, void> {
    let buffer = new Uint8Array(0);
    let at = 0;
    let next = fromByte;
    /** Makes `bytes` bytes readable at `at`. */
    const need = (bytes: number) => {
      if (buffer.length - at >= bytes) return;
      const rest = buffer.subarray(at);
      const length = Math.min(Math.max(bytes - rest.length, READ_AT_ONCE), toByte - next);
      // A new one each time: the blocks handed out are views of the one before.
      const longer = new Uint8Array(rest.length + length);
      longer.set(rest);
      attempt(this.#path, () => {
        const read = readSync(this.#descriptor, longer, rest.length, length, next);
        if (read !== length) throw new Error(`is ${length - read} bytes too short`);
      });
      next += length;
      buffer = longer;
      at = 0;
    };
    while (at < buffer.length || next < toByte) {
      need(SEGMENT_HEADER_BYTES);
      const header = new DataView(buffer.buffer, buffer.byteOffset + at, SEGMENT_HEADER_BYTES);
      const sensor = header.getUint32(0, true);
      const length = header.getUint32(4, true);
      at += SEGMENT_HEADER_BYTES;
      need(length);
      yield { sensor, block: new Chunk(buffer.subarray(at, at + length), this.#path) };
      at += length;
    }
  }

  /** Leaves nothing behind. */
  discard(): void {
    closeSync(this.#descriptor);
    rmSync(this.#path, { force: true });
  }
}

export interface SpilledRun {
  readonly fromByte: number;
  readonly toByte: number;
}
