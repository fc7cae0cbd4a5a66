/** FIN and the text opcode (RFC 6455, section 5.2). */
const FINAL_TEXT = 0x81;

/**
 * One unfragmented, unmasked text frame (RFC 6455, section 5.2): the bytes that a server writes to any number of sockets.
 * @param text of any length
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = FINAL_TEXT;
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
