import type { AddressInfo } from 'node:net';
import {
  natsPattern,
  RPC_ERRORS,
  type PortalMethod,
  type PortalNotification,
  type PortalNotifications,
  type RpcErrorName,
  type RpcRequest,
  type Sample,
  type SampleNotification,
} from '@katbus/protocol';
import { WebSocketServer, type WebSocket } from 'ws';

/** What a scripted method does instead of the usual: give a result, an error, or nothing at all. */
export type Script = (
  params: Record<string, unknown>,
  session: FaultSession,
) => { result: unknown } | { error: RpcErrorName; field?: string } | 'silence';

export interface FaultSession {
  readonly socket: WebSocket;
  readonly subscriptions: Map<number, readonly string[]>;
}

/**
 * A portal over a real websocket server that keeps its samples in memory and misbehaves on demand: for the faults that the real portal cannot
 * produce when a test wants them. What it does when it behaves is PROTOCOL.md's.
 */
export class FaultPortal {
  readonly samples = new Map<string, Sample>();
  readonly requests: RpcRequest[] = [];
  readonly scripts = new Map<PortalMethod, Script>();
  readonly sessions = new Set<FaultSession>();
  /** How long the answer to a subscribe is held back. */
  subscribeDelayMs = 0;
  readonly port: number;
  #server: WebSocketServer;
  #lastId = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#accept();
  }

  static async start(port = 0): Promise<FaultPortal> {
    return new FaultPortal(await listen(port));
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  asked(method: PortalMethod): RpcRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  /** Keeps the sample as its sensor's newest, and sends it once to each session that wants it. */
  publish(subject: string, sample: Sample, skipped?: number): void {
    this.samples.set(subject, sample);
    const notification = skipped === undefined ? { subject, sample } : { subject, sample, skipped };
    for (const session of this.sessions) {
      const patterns = [...session.subscriptions.values()].flat().map(natsPattern);
      if (patterns.some((pattern) => pattern.matches(subject))) this.notify('sample', notification, session);
    }
  }

  notify<M extends PortalNotification>(method: M, params: PortalNotifications[M], to?: FaultSession): void {
    const text = JSON.stringify({ jsonrpc: '2.0', method, params });
    for (const session of to === undefined ? this.sessions : [to]) session.socket.send(text);
  }

  sendRaw(data: string | Uint8Array): void {
    for (const { socket } of this.sessions) socket.send(data);
  }

  closeSessions(code: number, reason: string): void {
    for (const { socket } of this.sessions) socket.close(code, reason);
  }

  /** As when the process is killed: no close frame. */
  cutSessions(): void {
    for (const { socket } of this.sessions) socket.terminate();
  }

  async stop(): Promise<void> {
    this.cutSessions();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async restart(): Promise<void> {
    await this.stop();
    this.#server = await listen(this.port);
    this.#accept();
  }

  #accept(): void {
    this.#server.on('connection', (socket) => {
      const session: FaultSession = { socket, subscriptions: new Map() };
      this.sessions.add(session);
      socket.on('close', () => this.sessions.delete(session));
      socket.on('message', (data: Buffer) => {
        const request = JSON.parse(data.toString('utf8')) as RpcRequest;
        this.requests.push(request);
        this.#answer(session, request);
      });
    });
  }

  #answer(session: FaultSession, { id, method, params }: RpcRequest): void {
    const scripted = this.scripts.get(method as PortalMethod);
    const outcome = scripted?.(params as Record<string, unknown>, session);
    if (outcome === 'silence') return;
    if (outcome !== undefined) {
      const answer =
        'error' in outcome
          ? {
              error: {
                ...RPC_ERRORS[outcome.error],
                ...(outcome.field && { data: { field: outcome.field } }),
              },
            }
          : outcome;
      session.socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
      return;
    }
    const reply = (result: unknown) => session.socket.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
    if (method === 'subscribe') {
      setTimeout(
        () => this.#subscribe(session, params as { subjects: string[] }, reply),
        this.subscribeDelayMs,
      );
    } else if (method === 'unsubscribe') {
      session.subscriptions.delete((params as { id: number }).id);
      reply({});
    } else if (method === 'info') {
      reply({ portal: 'fault', version: '0', time: Date.now() / 1000, limits: {} });
    } else {
      session.socket.send(JSON.stringify({ jsonrpc: '2.0', id, error: RPC_ERRORS.methodNotFound }));
    }
  }

  #subscribe(
    session: FaultSession,
    { subjects }: { subjects: string[] },
    reply: (result: unknown) => void,
  ): void {
    const id = ++this.#lastId;
    const patterns = subjects.map(natsPattern);
    session.subscriptions.set(id, subjects);
    const samples: SampleNotification[] = [...this.samples]
      .filter(([subject]) => patterns.some((pattern) => pattern.matches(subject)))
      .map(([subject, sample]) => ({ subject, sample }));
    reply({ id, count: samples.length, cursor: '' });
    this.notify('snapshot', { id, samples, messages: [], last: true }, session);
  }
}

async function listen(port: number): Promise<WebSocketServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return server;
}

/** A sample of component `host`, made at `time`. */
export function sampleOf(sensor: string, value: Sample['value'], time = Date.now() / 1000): Sample {
  return { name: `host_${sensor}`, time, value_ts: time, status: 'nominal', value };
}
