import { CHUNK_FORMAT } from './chunk-encoder.ts';
import { Container } from './container.ts';
import { ContainerBlock } from './container-block.ts';

/** A chunk read as columns. */
export class Chunk extends ContainerBlock {
  /**
   * @param place where the bytes are from, for messages
   * @throws {StoreError} CORRUPT, or SCHEMA_VERSION when a later Katbus has written it. Columns throw CORRUPT when they are asked for
   */
  constructor(bytes: Uint8Array, place: string) {
    super(new Container(bytes, CHUNK_FORMAT, place));
  }
}
