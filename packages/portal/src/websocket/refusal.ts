import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Why an upgrade is refused before it is one; the codes are PROTOCOL.md's. */
const REFUSALS = {
  notFound: { status: 404, code: 'NOT_FOUND', message: 'the websocket is at /ws' },
  forbidden: {
    status: 403,
    code: 'FORBIDDEN',
    message: 'pages of this origin may not connect: allow it with --allowed-origins',
  },
  stopping: { status: 503, code: 'UNAVAILABLE', message: 'the portal is stopping' },
} as const;
export type RefusalName = keyof typeof REFUSALS;

export function refuseUpgrade(socket: Duplex, name: RefusalName): void {
  const { status, code, message } = REFUSALS[name];
  const body = JSON.stringify({ error: { code, message } });
  socket.on('error', () => undefined);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
