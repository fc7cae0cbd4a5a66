/** The text opcode, that of a fragment which goes on, and the bit of the last one (RFC 6455, section 5.2). */
const TEXT = 0x01;
const CONTINUATION = 0x00;
const FINAL = 0x80;

/**
 * One unfragmented, unmasked text frame (RFC 6455, section 5.2): the bytes that a server writes to any number of sockets.
 * @param text of any length
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = headerBytes(length);
  const frame = Buffer.allocUnsafe(header + length);
  writeHeader(frame, TEXT | FINAL, length);
  frame.write(text, header, 'utf8');
  return frame;
}

/**
 * What stands before one fragment of a text message (RFC 6455, section 5.4): between its fragments no other message may be written, and nothing at all
 * between this and its bytes, none of which may end within a character.
 */
export function fragmentHeader(bytes: number, isFirst: boolean, isLast: boolean): Buffer {
  const header = Buffer.allocUnsafe(headerBytes(bytes));
  writeHeader(header, (isFirst ? TEXT : CONTINUATION) | (isLast ? FINAL : 0), bytes);
  return header;
}

function headerBytes(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHeader(frame: Buffer, firstByte: number, length: number): void {
  frame[0] = firstByte;
  if (length < 126) {
    frame[1] = length;
  } else if (length < 65_536) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length % 2 ** 32, 6);
  }
}
