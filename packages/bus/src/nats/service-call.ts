import type { BusConnection } from './connection.ts';
import { NoResponderError, ServiceCallError } from './errors.ts';
import type { BusMessage } from './message.ts';
import { SERVICE_ERROR_CODE_HEADER, SERVICE_ERROR_HEADER } from './service.ts';

/** One running instance of a micro service. */
export interface ServiceIdentity {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface DiscoverOptions {
  /** Only this kind of service. */
  readonly name?: string | undefined;
  /** The end when so long nothing has come. */
  readonly stallMs?: number | undefined;
  /** The end in any case. */
  readonly timeoutMs?: number | undefined;
}

export const DISCOVER_DEFAULTS = { stallMs: 300, timeoutMs: 2_000 } as const;

/**
 * Asks a service and decodes its JSON answer. Whether the answer has the promised shape is for the caller to check.
 * @param payload an object is sent as JSON
 * @throws {ServiceCallError} with the service's own code and field when it answers with an error, MALFORMED_ANSWER when it is no JSON
 * @throws {NoResponderError} @throws {RequestTimeoutError} @throws {DisconnectedError} @throws {PayloadTooLargeError}
 */
export async function callService(
  connection: BusConnection,
  subject: string,
  payload: object | string = '',
  options: { readonly timeoutMs?: number } = {},
): Promise<unknown> {
  const data = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return serviceAnswer(subject, await connection.request(subject, data, options));
}

/**
 * As {@link callService}, but the answer stays the text that came: who only passes it on need not read it.
 * @throws as {@link callService}
 */
export async function callServiceText(
  connection: BusConnection,
  subject: string,
  payload: object | string = '',
  options: { readonly timeoutMs?: number } = {},
): Promise<string> {
  const data = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const message = await connection.request(subject, data, options);
  const text = Buffer.from(message.data).toString();
  const isError = message.header(SERVICE_ERROR_CODE_HEADER) !== undefined || /^\s*\{\s*"error"/.test(text);
  // Throws the error that it is, and whatever else it cannot be.
  if (isError || !text.startsWith('{')) serviceAnswer(subject, message);
  return text;
}

/** Decodes one answer of a service. @throws {ServiceCallError} as {@link callService} */
export function serviceAnswer(subject: string, message: BusMessage): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(message.data).toString());
  } catch {
    const text = message.header(SERVICE_ERROR_HEADER);
    if (text !== undefined) throw new ServiceCallError(subject, serviceCodeOf(message), text);
    throw new ServiceCallError(subject, 'MALFORMED_ANSWER', `the answer on ${subject} is no JSON`);
  }
  const error = (answer as { error?: { code?: unknown; message?: unknown; field?: unknown } } | null)?.error;
  if (message.header(SERVICE_ERROR_CODE_HEADER) === undefined && typeof error?.code !== 'string')
    return answer;
  throw new ServiceCallError(
    subject,
    typeof error?.code === 'string' ? error.code : serviceCodeOf(message),
    typeof error?.message === 'string'
      ? error.message
      : (message.header(SERVICE_ERROR_HEADER) ?? 'no reason given'),
    typeof error?.field === 'string' ? error.field : undefined,
  );
}

/**
 * The service instances that answer now, by `$SRV.PING`. An empty list when there are none.
 * @throws {DisconnectedError}
 */
export async function discoverServices(
  connection: BusConnection,
  options: DiscoverOptions = {},
): Promise<ServiceIdentity[]> {
  const found: ServiceIdentity[] = [];
  const subject = options.name === undefined ? '$SRV.PING' : `$SRV.PING.${options.name}`;
  try {
    await connection.requestMany(subject, '', {
      stallMs: options.stallMs ?? DISCOVER_DEFAULTS.stallMs,
      totalMs: options.timeoutMs ?? DISCOVER_DEFAULTS.timeoutMs,
      onMessage: (message) => {
        const identity = identityOf(message);
        if (identity !== undefined) found.push(identity);
      },
    });
  } catch (error) {
    if (!(error instanceof NoResponderError)) throw error;
  }
  return found;
}

/** Anybody may answer a ping; an answer that is none is left out. */
function identityOf(message: BusMessage): ServiceIdentity | undefined {
  try {
    const { name, id, version, metadata } = JSON.parse(Buffer.from(message.data).toString()) as Record<
      string,
      unknown
    >;
    if (typeof name !== 'string' || typeof id !== 'string' || typeof version !== 'string') return undefined;
    return { name, id, version, metadata: (metadata ?? {}) as Record<string, string> };
  } catch {
    return undefined;
  }
}

function serviceCodeOf(message: BusMessage): string {
  return message.header(SERVICE_ERROR_CODE_HEADER) ?? 'UNKNOWN';
}
