import type { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readIntegers, writeIntegers } from './integer-column.ts';

const encoder = new TextEncoder();
// A text may begin with U+FEFF, which is nobody's mark here.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Texts as a dictionary of those that differ, and a place in it for each. */
export function writeTexts(texts: readonly string[], writer: ByteWriter): void {
  const dictionary = new Map<string, number>();
  const places = new Float64Array(texts.length);
  for (const [row, text] of texts.entries()) {
    let place = dictionary.get(text);
    if (place === undefined) {
      place = dictionary.size;
      dictionary.set(text, place);
    }
    places[row] = place;
  }
  writer.varint(dictionary.size);
  for (const text of dictionary.keys()) {
    const bytes = encoder.encode(text);
    writer.varint(bytes.length);
    writer.append(bytes);
  }
  const column = new ByteWriter();
  writer.byte(writeIntegers(places, column));
  writer.append(column.written());
}

/** @returns undefined when the bytes are not what they must be */
export function readTexts(length: number, reader: ByteReader): string[] | undefined {
  const size = reader.varint();
  if (size > length) return undefined;
  const dictionary: string[] = [];
  try {
    for (let place = 0; place < size; place++) dictionary.push(decoder.decode(reader.take(reader.varint())));
  } catch {
    return undefined;
  }
  const places = readIntegers(reader.byte(), length, reader);
  if (places === undefined || !reader.isAtEnd) return undefined;
  const texts: string[] = [];
  for (const place of places) {
    const text = dictionary[place];
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts;
}
