import type { RpcErrorObject } from '@katbus/protocol';

/** What one JSON-RPC 2.0 object from the portal says. */
export type Frame =
  | { readonly kind: 'result'; readonly id: unknown; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: unknown; readonly error: RpcErrorObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: object };

/**
 * Reads a text frame: one object, or an array of them (section 6).
 * @returns undefined in the place of what is no JSON-RPC 2.0 answer or notification
 */
export function readFrames(data: unknown): readonly (Frame | undefined)[] {
  if (typeof data !== 'string') return [undefined];
  let document: unknown;
  try {
    document = JSON.parse(data);
  } catch {
    return [undefined];
  }
  return Array.isArray(document) ? document.map(readFrame) : [readFrame(document)];
}

function readFrame(document: unknown): Frame | undefined {
  if (!isObject(document)) return undefined;
  const { id, method, params, result, error } = document;
  if (typeof method === 'string')
    return isObject(params) ? { kind: 'notification', method, params } : undefined;
  if (isObject(error)) {
    return typeof error.code === 'number' && typeof error.message === 'string'
      ? { kind: 'error', id, error: error as unknown as RpcErrorObject }
      : undefined;
  }
  return 'result' in document ? { kind: 'result', id, result } : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
