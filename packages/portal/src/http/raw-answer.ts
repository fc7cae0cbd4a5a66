import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpFailure } from './errors.ts';

/** Answers on a socket that no HTTP library holds any more, and ends it. */
export function answerRaw(socket: Duplex, { status, body }: HttpFailure): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const json = JSON.stringify(body);
  socket.on('error', () => undefined);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(json)}`,
      'Connection: close',
      '',
      json,
    ].join('\r\n'),
  );
}
