import { Svcm, type Service } from '@nats-io/services';
import { natsOf, type BusConnection } from './connection.ts';
import { PayloadTooLargeError } from './errors.ts';
import { ReceivedMessage, type BusMessage } from './message.ts';

/** What a handler may answer: bytes or text as they are, an object as JSON; nothing when it has answered by `message.respond` itself. */
export type ServiceAnswer = Uint8Array | string | object | undefined;

export interface ServiceEndpoint {
  /** `[A-Za-z0-9_-]+`, shown by `nats micro`. */
  readonly name: string;
  readonly subject: string;
  /** Of the instances in one queue, one answers; `false`: each of them does. Default `q`. */
  readonly queue?: string | false | undefined;
  readonly metadata?: Record<string, string> | undefined;
  /**
   * What it throws becomes an error answer: `{ "error": { "code", "message", "field"? } }` with the micro headers. `code` and `field` are
   * the thrown error's own; an error without a code of ours is INTERNAL and told to `onError` too.
   */
  readonly handler: (message: BusMessage) => Promise<ServiceAnswer> | ServiceAnswer;
}

export interface ServiceOptions {
  /** `[A-Za-z0-9_-]+`: the kind of service, the same for all its instances. */
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly description?: string | undefined;
  readonly metadata?: Record<string, string> | undefined;
  readonly endpoints: readonly ServiceEndpoint[];
  /** Told of a handler's failures that are not the caller's fault. */
  readonly onError?: ((error: unknown, subject: string) => void) | undefined;
}

export const SERVICE_ERROR_HEADER = 'Nats-Service-Error';
export const SERVICE_ERROR_CODE_HEADER = 'Nats-Service-Error-Code';

/** The library counts only handlers that are done when they return; ours are asynchronous, so the figures are kept here. */
class EndpointFigures {
  num_requests = 0;
  num_errors = 0;
  last_error: string | undefined;
  processing_time = 0;
  average_processing_time = 0;

  count(startMs: number, error?: string): void {
    this.num_requests += 1;
    this.processing_time += Math.round((performance.now() - startMs) * 1e6);
    this.average_processing_time = Math.round(this.processing_time / this.num_requests);
    if (error === undefined) return;
    this.num_errors += 1;
    this.last_error = error;
  }
}

/** One instance of a NATS micro service: `nats micro ls`, `info` and `stats` show it. */
export class BusService {
  readonly #connection: BusConnection;
  readonly #service: Service;
  readonly #onError: (error: unknown, subject: string) => void;
  readonly #figures: Map<string, EndpointFigures>;
  readonly #running = new Set<Promise<void>>();

  private constructor(
    connection: BusConnection,
    service: Service,
    figures: Map<string, EndpointFigures>,
    options: ServiceOptions,
  ) {
    this.#connection = connection;
    this.#service = service;
    this.#figures = figures;
    this.#onError = options.onError ?? (() => undefined);
  }

  /** Resolves when the server has taken the subscriptions, so that a request from anywhere on it is answered. @throws {DisconnectedError} */
  static async start(connection: BusConnection, options: ServiceOptions): Promise<BusService> {
    const figures = new Map<string, EndpointFigures>();
    // The library's newest release brings a client of its own, older than ours, whose type differs; what it calls is the same.
    const manager = new Svcm(natsOf(connection) as unknown as ConstructorParameters<typeof Svcm>[0]);
    const service = await manager.add({
      name: options.name,
      version: options.version,
      description: options.description ?? '',
      metadata: options.metadata ?? {},
      queue: '',
      statsHandler: (endpoint) => {
        const held = endpoint as typeof endpoint & { name: string; stats: object };
        Object.assign(held.stats, figures.get(held.name));
        return Promise.resolve(undefined);
      },
    });
    const started = new BusService(connection, service, figures, options);
    for (const endpoint of options.endpoints) started.#add(endpoint);
    await connection.flush();
    return started;
  }

  /** Unique among all instances of all services. */
  get id(): string {
    return this.#service.ping().id;
  }

  /** Takes no more requests and resolves when those that it has are answered. */
  async stop(): Promise<void> {
    await this.#service.stop();
    await Promise.all(this.#running);
  }

  #add(endpoint: ServiceEndpoint): void {
    const figures = new EndpointFigures();
    this.#figures.set(endpoint.name, figures);
    this.#service.addEndpoint(endpoint.name, {
      subject: endpoint.subject,
      queue: endpoint.queue === false ? '' : (endpoint.queue ?? 'q'),
      metadata: endpoint.metadata ?? {},
      handler: (_error, raw) => {
        const message = new ReceivedMessage(raw, this.#connection);
        const run = this.#answer(endpoint, message, figures).finally(() => this.#running.delete(run));
        this.#running.add(run);
      },
    });
  }

  async #answer(endpoint: ServiceEndpoint, message: BusMessage, figures: EndpointFigures): Promise<void> {
    const startMs = performance.now();
    try {
      const answer = await endpoint.handler(message);
      if (answer !== undefined) message.respond(encode(answer));
      figures.count(startMs);
    } catch (error) {
      const failure = failureOf(error);
      figures.count(startMs, `${failure.code}: ${failure.message}`);
      if (failure.httpStatus >= 500) this.#onError(error, endpoint.subject);
      this.#respondError(message, failure);
    }
  }

  #respondError(message: BusMessage, { code, message: text, field, httpStatus }: Failure): void {
    try {
      message.respond(JSON.stringify({ error: { code, message: text, field } }), {
        [SERVICE_ERROR_HEADER]: `${code}: ${text}`.replaceAll(/[\r\n]+/g, ' '),
        [SERVICE_ERROR_CODE_HEADER]: String(httpStatus),
      });
    } catch (error) {
      // The connection is closed: the caller sees a time-out, and nobody is left to be answered.
      this.#onError(error, message.subject);
    }
  }
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly field: string | undefined;
  /** As in HTTP: 400 for the caller's fault, 500 for ours. */
  readonly httpStatus: number;
}

function failureOf(error: unknown): Failure {
  if (error instanceof PayloadTooLargeError) {
    return { code: 'ANSWER_TOO_LARGE', message: error.message, field: undefined, httpStatus: 500 };
  }
  if (!(error instanceof Error)) {
    return { code: 'INTERNAL', message: String(error), field: undefined, httpStatus: 500 };
  }
  const { code, field, httpStatus, syscall } = error as Error & Record<string, unknown>;
  // Node's own errors have codes too (ENOENT, ERR_...): those are faults of ours.
  if (typeof code !== 'string' || syscall !== undefined || code.startsWith('ERR_')) {
    return { code: 'INTERNAL', message: error.message, field: undefined, httpStatus: 500 };
  }
  return {
    code,
    message: error.message,
    field: typeof field === 'string' ? field : undefined,
    httpStatus: typeof httpStatus === 'number' ? httpStatus : 400,
  };
}

function encode(answer: Uint8Array | string | object): Uint8Array | string {
  return typeof answer === 'string' || answer instanceof Uint8Array ? answer : JSON.stringify(answer);
}
