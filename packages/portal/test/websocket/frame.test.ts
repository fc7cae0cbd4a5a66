import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textFrame } from '../../src/websocket/frame.ts';

/** RFC 6455, section 5.2, read anew. */
function decode(frame: Buffer): { header: number; length: number; text: string } {
  const short = frame.readUInt8(1);
  const [length, offset] =
    short < 126
      ? [short, 2]
      : short === 126
        ? [frame.readUInt16BE(2), 4]
        : [Number(frame.readBigUInt64BE(2)), 10];
  return { header: frame.readUInt8(0), length, text: frame.subarray(offset).toString() };
}

describe('a text frame', () => {
  test('holds any text, with its length in bytes in the shortest form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const frame = textFrame(text);
        const decoded = decode(frame);
        expect(decoded.header).toBe(0x81);
        expect(decoded.length).toBe(Buffer.byteLength(text));
        // A lone surrogate has no UTF-8: it becomes U+FFFD, as everywhere in Node.
        expect(decoded.text).toBe(Buffer.from(text).toString());
      }),
    );
  });

  test.each([
    [0, 2],
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
    [1_000_000, 10],
  ])('of %i bytes has a header of %i', (length, headerBytes) => {
    const frame = textFrame('x'.repeat(length));
    expect(frame.length).toBe(headerBytes + length);
    expect(decode(frame).length).toBe(length);
  });
});
