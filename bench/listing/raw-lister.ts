import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const FINAL = 0x80;
const PING = 0x09;
const READ_EACH_MS = 20;

export interface RawListing {
  readonly bytes: number;
  /** Of its text: two answers that are the same have the same. */
  readonly digest: string;
}

export interface ReadingPace {
  /** Reads no faster; default: as fast as it comes. */
  readonly bytesPerSecond?: number;
  /** Leaves after so many; default: never. */
  readonly leaveAfterBytes?: number;
}

/** A websocket that asks for a listing and counts what comes, without keeping it: so twenty of them take no memory and little time of the machine. */
export class RawLister {
  private readonly socket: Socket;
  private readonly hash = createHash('sha1');
  private readonly done = Promise.withResolvers<RawListing | undefined>();
  private head = Buffer.alloc(0);
  private isOpen = false;
  private payloadLeft = 0;
  private isLastFrame = false;
  private bytes = 0;
  private read = 0;
  private readonly pace: ReadingPace;
  private readonly began = performance.now();

  private constructor(socket: Socket, pace: ReadingPace) {
    this.socket = socket;
    this.pace = pace;
  }

  /** @returns undefined: it left before the end */
  static async list(port: number, pace: ReadingPace = {}): Promise<RawListing | undefined> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const lister = new RawLister(socket, pace);
    socket.on('data', (chunk: Buffer) => lister.take(chunk));
    socket.on('error', (error) => lister.done.reject(error));
    socket.on('close', () => lister.done.reject(new Error('the portal has closed')));
    const key = randomBytes(16).toString('base64');
    const lines = `Host: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`;
    socket.write(`GET /ws HTTP/1.1\r\n${lines}\r\n`);
    try {
      return await lister.done.promise;
    } finally {
      socket.destroy();
    }
  }

  private take(chunk: Buffer): void {
    this.read += chunk.length;
    this.readFrames(chunk);
    const { bytesPerSecond = Infinity, leaveAfterBytes = Infinity } = this.pace;
    if (this.read >= leaveAfterBytes) this.done.resolve(undefined);
    const dueMs = (this.read / bytesPerSecond) * 1000 - (performance.now() - this.began);
    if (dueMs < READ_EACH_MS) return;
    this.socket.pause();
    setTimeout(() => this.socket.resume(), dueMs);
  }

  private readFrames(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.payloadLeft > 0) {
        const part = rest.subarray(0, this.payloadLeft);
        this.hash.update(part);
        this.bytes += part.length;
        this.payloadLeft -= part.length;
        rest = rest.subarray(part.length);
        if (this.payloadLeft === 0) this.endFrame();
        continue;
      }
      this.head = Buffer.concat([this.head, rest]);
      const used = this.isOpen ? this.readHeader() : this.readHandshake();
      if (used === undefined) return;
      rest = this.head.subarray(used);
      this.head = Buffer.alloc(0);
    }
  }

  private readHandshake(): number | undefined {
    const end = this.head.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    this.isOpen = true;
    const request = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"list"}');
    // The mask is of zeros: what is masked by it is what it was (RFC 6455, section 5.3).
    this.socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | request.length, 0, 0, 0, 0]), request]));
    return end + 4;
  }

  /** Of a frame from the server (section 5.2); one with nothing in it ends here. */
  private readHeader(): number | undefined {
    const { head } = this;
    const bytes = head.length < 2 ? Infinity : head[1] === 127 ? 10 : head[1] === 126 ? 4 : 2;
    if (head.length < bytes) return undefined;
    const isControl = (head[0]! & 0x08) !== 0;
    // The portal's pings are empty, and so is the answer (section 5.5.3).
    if ((head[0]! & 0x0f) === PING) this.socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]));
    this.isLastFrame = !isControl && (head[0]! & FINAL) !== 0;
    this.payloadLeft =
      bytes === 2 ? head[1]! : bytes === 4 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    if (this.payloadLeft === 0) this.endFrame();
    return bytes;
  }

  private endFrame(): void {
    if (this.isLastFrame) this.done.resolve({ bytes: this.bytes, digest: this.hash.digest('hex') });
  }
}
