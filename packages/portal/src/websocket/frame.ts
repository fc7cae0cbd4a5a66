/** The text opcode, that of a fragment which goes on, and the bit of the last one (RFC 6455, section 5.2). */
const TEXT = 0x01;
const CONTINUATION = 0x00;
const FINAL = 0x80;

/**
 * One unfragmented, unmasked text frame (RFC 6455, section 5.2): the bytes that a server writes to any number of sockets.
 * @param text of any length
 */
export function textFrame(text: string): Buffer {
  return frameOf(text, TEXT | FINAL);
}

/**
 * One of the fragments of a message (RFC 6455, section 5.4): between them no other message may be written.
 * @param pieces of the message, none of which ends within a character; one alone is a frame as {@link textFrame} makes it
 */
export function fragmentFrame(pieces: readonly string[], place: number): Buffer {
  const opcode = place === 0 ? TEXT : CONTINUATION;
  return frameOf(pieces[place]!, place === pieces.length - 1 ? opcode | FINAL : opcode);
}

function frameOf(text: string, firstByte: number): Buffer {
  const length = Buffer.byteLength(text);
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = firstByte;
  if (headerBytes === 2) {
    frame[1] = length;
  } else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length % 2 ** 32, 6);
  }
  frame.write(text, headerBytes, 'utf8');
  return frame;
}
