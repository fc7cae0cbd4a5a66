import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * - `through`: as if it were not there;
 * - `slow`: what the server sends comes `latencyMs` later;
 * - `half-open`: connections stay, new ones are taken, and nothing is ever handed on. Those that have been so stay so: it is what a firewall
 *   does that has forgotten them.
 */
export type ProxyMode = 'through' | 'slow' | 'half-open';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** What the server has sent and is not handed back yet. */
  readonly late: Buffer[];
  isDead: boolean;
}

/** A way to a server on which a network's faults can be had on demand. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #mode: ProxyMode = 'through';
  #latencyMs = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on('connection', (near) => proxy.#join(near, connect(target)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** `127.0.0.1:40000` */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  become(mode: 'through' | 'half-open'): void;
  become(mode: 'slow', latencyMs: number): void;
  become(mode: ProxyMode, latencyMs = 0): void {
    this.#mode = mode;
    this.#latencyMs = latencyMs;
    if (mode === 'half-open') for (const pair of this.#pairs) pair.isDead = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pair of this.#pairs) close(pair);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    const pair: Pair = { near, far, late: [], isDead: this.#mode === 'half-open' };
    this.#pairs.add(pair);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      // Nobody learns that the other side of a dead connection has gone.
      socket.on('close', () => {
        if (pair.isDead && socket === far) return;
        close(pair);
        this.#pairs.delete(pair);
      });
    }
    near.on('data', (chunk: Buffer) => {
      if (pair.isDead) return;
      if (!far.write(chunk)) near.pause();
    });
    far.on('drain', () => near.resume());
    far.on('data', (chunk: Buffer) => this.#handBack(pair, chunk));
  }

  #handBack(pair: Pair, chunk: Buffer): void {
    if (this.#mode !== 'slow' && pair.late.length === 0) return handOn(pair, chunk);
    pair.late.push(chunk);
    // Whichever timer comes first hands back what came first: the order stays when the latency changes.
    setTimeout(() => handOn(pair, pair.late.shift()), this.#mode === 'slow' ? this.#latencyMs : 0);
  }
}

function handOn({ isDead, near }: Pair, chunk: Buffer | undefined): void {
  if (!isDead && !near.destroyed && chunk !== undefined) near.write(chunk);
}

function close({ near, far }: Pair): void {
  near.destroy();
  far.destroy();
}
