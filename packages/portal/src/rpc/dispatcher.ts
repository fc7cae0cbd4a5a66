import type { Logger } from '@katbus/bus/daemon';
import {
  MOST_REQUESTS_A_BATCH,
  SchemaError,
  type PortalMethod,
  type RequestId,
  type RpcRequest,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import type { DeliverySession } from '../delivery/delivery-session.ts';
import type { PortalMetrics } from '../metrics.ts';
import { RequestError, requestError } from './errors.ts';
import { around, JsonText, LongJson, type AnswerText } from './json-text.ts';
import type { MethodTable } from './methods.ts';

/** Who asks. */
export interface Caller {
  readonly session: DeliverySession;
  /** @returns false when as many requests are under way as may be */
  begin(): boolean;
  /** So many requests are no longer under way. */
  end(requests: number): void;
}

/** An answer on its way. */
export interface Answer {
  readonly text: AnswerText;
  /** To be called when the answer has been handed to the network, or never will be. */
  readonly onWritten: () => void;
}

export interface Handled {
  /** Whether the frame was no JSON or held something that is no request. */
  readonly isMalformed: boolean;
  /** Undefined when there is nothing to answer. Never rejects. */
  readonly answer: Promise<Answer | undefined>;
}

/** What became of one request. */
interface Outcome {
  /** The answer's JSON; undefined: a notification, which gets none (JSON-RPC 2.0, section 4.1). */
  readonly text: AnswerText | undefined;
  /** Whether the caller's count was raised for it. */
  readonly wasBegun: boolean;
  readonly afterwards: readonly (() => void)[];
}

/** JSON-RPC 2.0: from a text frame to its answer. */
export class Dispatcher {
  readonly #methods: MethodTable;
  readonly #metrics: PortalMetrics;
  readonly #logger: Logger;

  constructor(methods: MethodTable, metrics: PortalMetrics, logger: Logger) {
    this.#methods = methods;
    this.#metrics = metrics;
    this.#logger = logger;
  }

  handle(frame: string, caller: Caller): Handled {
    let document: unknown;
    try {
      document = JSON.parse(frame);
    } catch {
      return this.#malformed(null, new RequestError('parseError'));
    }
    if (!Array.isArray(document)) {
      const request = readRequest(document);
      if (request instanceof RequestError) return this.#malformed(idOf(document), request);
      return { isMalformed: false, answer: this.#one(request, caller) };
    }
    if (document.length === 0 || document.length > MOST_REQUESTS_A_BATCH) {
      const rule = `a batch has 1 to ${MOST_REQUESTS_A_BATCH} requests`;
      return this.#malformed(null, new RequestError('invalidRequest', rule));
    }
    const requests = document.map((entry: unknown) => ({ entry, request: readRequest(entry) }));
    return {
      isMalformed: requests.some(({ request }) => request instanceof RequestError),
      answer: this.#batch(requests, caller),
    };
  }

  async #one(request: RpcRequest, caller: Caller): Promise<Answer | undefined> {
    return answerOf([await this.#run(request, caller, false)], caller, ([text]) => text ?? '');
  }

  async #batch(
    requests: readonly { entry: unknown; request: RpcRequest | RequestError }[],
    caller: Caller,
  ): Promise<Answer | undefined> {
    const outcomes = await Promise.all(
      requests.map(({ entry, request }) =>
        request instanceof RequestError
          ? Promise.resolve(this.#refuse(idOf(entry), request))
          : this.#run(request, caller, true),
      ),
    );
    return answerOf(outcomes, caller, batchText);
  }

  async #run(request: RpcRequest, caller: Caller, isInBatch: boolean): Promise<Outcome> {
    const { id, method } = request;
    const known = Object.hasOwn(this.#methods, method) ? this.#methods[method as PortalMethod] : undefined;
    const label = known === undefined ? 'unknown' : method;
    let wasBegun = false;
    const afterwards: (() => void)[] = [];
    try {
      if (known === undefined) throw new RequestError('methodNotFound', `there is no method "${method}"`);
      wasBegun = caller.begin();
      if (!wasBegun) throw new RequestError('busy');
      const params = validate(known.params, request.params ?? {});
      const result = await known.run(params, {
        session: caller.session,
        afterAnswer: (call) => afterwards.push(call),
        isInBatch,
      });
      this.#metrics.requests.inc({ method: label, outcome: 'ok' });
      const text = id === undefined ? undefined : resultText(id, result);
      return { text, wasBegun, afterwards };
    } catch (error) {
      const failure = requestError(error);
      if (failure.code === 'internalError') this.#logger.error({ err: error }, `${label} failed`);
      this.#metrics.requests.inc({ method: label, outcome: failure.code });
      return { text: id === undefined ? undefined : failureText(id, failure), wasBegun, afterwards };
    }
  }

  #refuse(id: RequestId, error: RequestError): Outcome {
    this.#metrics.requests.inc({ method: 'none', outcome: error.code });
    return { text: failureText(id, error), wasBegun: false, afterwards: [] };
  }

  #malformed(id: RequestId, error: RequestError): Handled {
    const text = this.#refuse(id, error).text ?? '';
    return { isMalformed: true, answer: Promise.resolve({ text, onWritten: () => undefined }) };
  }
}

function answerOf(
  outcomes: readonly Outcome[],
  caller: Caller,
  join: (texts: readonly AnswerText[]) => AnswerText,
): Answer | undefined {
  const texts = outcomes.map(({ text }) => text).filter((text) => text !== undefined);
  const onWritten = () => {
    caller.end(outcomes.filter(({ wasBegun }) => wasBegun).length);
    for (const { afterwards } of outcomes) for (const call of afterwards) call();
  };
  if (texts.length > 0) return { text: join(texts), onWritten };
  onWritten();
  return undefined;
}

function readRequest(document: unknown): RpcRequest | RequestError {
  try {
    return validate<RpcRequest>('rpcRequest', document);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    return new RequestError('invalidRequest', error.message, error.field);
  }
}

/** The id of what is no request, where it can be read, else null (section 5). */
function idOf(document: unknown): RequestId {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return null;
  const { id } = document as { id?: unknown };
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

function resultText(id: RequestId, result: unknown): AnswerText {
  const isText = result instanceof JsonText || result instanceof LongJson;
  if (!isText) return JSON.stringify({ jsonrpc: '2.0', id, result });
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`;
  return result instanceof JsonText ? `${head}${result.text}}` : around(head, result.pieces(), '}');
}

/** One array of all; in pieces where one of them is. */
function batchText(texts: readonly AnswerText[]): AnswerText {
  if (texts.every((text) => typeof text === 'string')) return `[${texts.join(',')}]`;
  return longBatchText(texts);
}

function* longBatchText(texts: readonly AnswerText[]): Generator<Buffer, void, undefined> {
  for (const [place, text] of texts.entries())
    yield* around(place === 0 ? '[' : ',', text, place === texts.length - 1 ? ']' : '');
}

function failureText(id: RequestId, error: RequestError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: error.toObject() });
}
