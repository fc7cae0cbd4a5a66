import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitFor } from '../../../../test/support/wait-for.ts';

/** A websocket client in bytes: it can send what no library would, and stop reading. */
export class RawWebsocket {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => (this.#received = Buffer.concat([this.#received, chunk])));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => undefined);
  }

  static async connect(
    port: number,
    headers: Record<string, string> = {},
    path = '/ws',
  ): Promise<RawWebsocket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const raw = new RawWebsocket(socket);
    const lines = {
      Host: `127.0.0.1:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...headers,
    };
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${path} HTTP/1.1\r\n${head.join('')}\r\n`);
    await waitFor(() => raw.#received.includes('\r\n\r\n'), { what: 'the answer to the handshake' });
    return raw;
  }

  /** What has come so far, the handshake's answer included. */
  get text(): string {
    return this.#received.toString('latin1');
  }

  get status(): number {
    return Number(this.text.split(' ', 2)[1]);
  }

  /** The code of the close frame that came, if one did (RFC 6455, section 5.5.1). */
  get closeCode(): number | undefined {
    let at = this.#received.indexOf('\r\n\r\n') + 4;
    while (at + 2 <= this.#received.length) {
      const opcode = this.#received.readUInt8(at) & 0x0f;
      const short = this.#received.readUInt8(at + 1) & 0x7f;
      const headerBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (at + headerBytes > this.#received.length) return undefined;
      const length =
        short === 126
          ? this.#received.readUInt16BE(at + 2)
          : short === 127
            ? Number(this.#received.readBigUInt64BE(at + 2))
            : short;
      if (opcode === 8 && at + 4 <= this.#received.length) return this.#received.readUInt16BE(at + 2);
      at += headerBytes + length;
    }
    return undefined;
  }

  /** A masked frame (section 5.3); `length` may lie. */
  send(payload: string | Buffer, { opcode = 1, isFinal = true, length }: FrameOptions = {}): void {
    const body = Buffer.from(payload);
    const announced = length ?? body.length;
    const header = Buffer.alloc(announced < 126 ? 2 : announced < 65_536 ? 4 : 10);
    header[0] = (isFinal ? 0x80 : 0) | opcode;
    if (announced < 126) header[1] = 0x80 | announced;
    else if (announced < 65_536) {
      header[1] = 0x80 | 126;
      header.writeUInt16BE(announced, 2);
    } else {
      header[1] = 0x80 | 127;
      header.writeBigUInt64BE(BigInt(announced), 2);
    }
    const mask = randomBytes(4);
    this.socket.write(Buffer.concat([header, mask, body.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]));
  }

  sendBytes(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  request(method: string, params: object = {}, id = 1): void {
    this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  }

  async untilClosed(): Promise<number | undefined> {
    await waitFor(() => this.closeCode !== undefined || this.isClosed, { what: 'the close' });
    return this.closeCode;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

interface FrameOptions {
  readonly opcode?: number;
  readonly isFinal?: boolean;
  readonly length?: number;
}
