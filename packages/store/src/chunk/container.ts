import { crc32 } from 'node:zlib';
import { StoreError } from '../errors.ts';
import { ByteWriter } from './byte-writer.ts';
import { COMPRESSION, ENTRY_BYTES, HEADER_BYTES, MOST_CHUNK_SAMPLES } from './chunk-format.ts';
import { unpackSection, type EncodedColumn, type SectionEntry } from './chunk-section.ts';

/** What tells one kind of container from another. */
export interface ContainerFormat {
  /** For messages. */
  readonly name: string;
  /** Its first four bytes, as a little-endian u32. */
  readonly magic: number;
  readonly version: number;
}

/** A column as it is stored: `stored` is `bytes`, or those compressed. */
export interface StoredColumn extends EncodedColumn {
  readonly stored: Uint8Array;
}

/** Columns of samples as bytes: a header, a directory and the sections. */
export function writeContainer(
  format: ContainerFormat,
  samples: number,
  sections: readonly StoredColumn[],
): Uint8Array<ArrayBuffer> {
  const directory = new ByteWriter();
  for (const { kind, encoding, bytes, stored } of sections) {
    directory.byte(kind);
    directory.byte(encoding);
    directory.byte(stored === bytes ? COMPRESSION.none : COMPRESSION.zstd);
    directory.byte(0);
    directory.uint32(stored.length);
    directory.uint32(bytes.length);
    directory.uint32(crc32(stored));
  }
  const header = new ByteWriter();
  header.uint32(format.magic);
  header.byte(format.version);
  header.byte(sections.length);
  header.byte(0);
  header.byte(0);
  header.uint32(samples);
  header.uint32(crc32(directory.written(), crc32(header.written())));

  const start = HEADER_BYTES + ENTRY_BYTES * sections.length;
  const container = new Uint8Array(sections.reduce((bytes, { stored }) => bytes + stored.length, start));
  container.set(header.written());
  container.set(directory.written(), HEADER_BYTES);
  let at = start;
  for (const { stored } of sections) {
    container.set(stored, at);
    at += stored.length;
  }
  return container;
}

/** The sections of a container, each checked when it is asked for. */
export class Container {
  /** Samples. */
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #format: ContainerFormat;
  readonly #place: string;
  readonly #sections = new Map<number, { readonly entry: SectionEntry; readonly offset: number }>();

  /**
   * @param place where the bytes are from, for messages
   * @throws {StoreError} CORRUPT, or SCHEMA_VERSION when a later Katbus has written it
   */
  constructor(bytes: Uint8Array, format: ContainerFormat, place: string) {
    this.#bytes = bytes;
    this.#format = format;
    this.#place = place;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== format.magic)
      throw this.corrupt(`is no ${format.name}`);
    const version = bytes[4]!;
    if (version !== format.version) {
      throw new StoreError(
        'SCHEMA_VERSION',
        `${place}: a ${format.name} of version ${version}, this Katbus knows ${format.version}: run a later one`,
        place,
      );
    }
    const sections = bytes[5]!;
    const start = HEADER_BYTES + ENTRY_BYTES * sections;
    this.length = view.getUint32(8, true);
    const checksum = crc32(bytes.subarray(HEADER_BYTES, start), crc32(bytes.subarray(0, 12)));
    const isWhole = bytes.length >= start && checksum === view.getUint32(12, true);
    if (!isWhole || this.length < 1 || this.length > MOST_CHUNK_SAMPLES)
      throw this.corrupt('has a damaged header');
    let offset = start;
    for (let at = HEADER_BYTES; at < start; at += ENTRY_BYTES) {
      const entry = {
        kind: bytes[at]!,
        encoding: bytes[at + 1]!,
        compression: bytes[at + 2]!,
        storedBytes: view.getUint32(at + 4, true),
        encodedBytes: view.getUint32(at + 8, true),
        checksum: view.getUint32(at + 12, true),
      };
      this.#sections.set(entry.kind, { entry, offset });
      offset += entry.storedBytes;
    }
    if (offset !== bytes.length) throw this.corrupt('is cut short, or too long');
  }

  has(kind: number): boolean {
    return this.#sections.has(kind);
  }

  /** @returns undefined when it is not there @throws {StoreError} CORRUPT */
  section(kind: number): { readonly encoding: number; readonly bytes: Uint8Array } | undefined {
    const section = this.#sections.get(kind);
    if (section === undefined) return undefined;
    const { entry, offset } = section;
    const stored = this.#bytes.subarray(offset, offset + entry.storedBytes);
    const bytes = unpackSection(stored, entry);
    if (bytes === undefined) throw this.corrupt(`section ${kind} is damaged`);
    return { encoding: entry.encoding, bytes };
  }

  /** The error that says what is wrong with it. */
  corrupt(what: string): StoreError {
    const { name } = this.#format;
    return new StoreError(
      'CORRUPT',
      `${this.#place}: the ${name} ${what}: put back a copy of the file`,
      this.#place,
    );
  }
}
