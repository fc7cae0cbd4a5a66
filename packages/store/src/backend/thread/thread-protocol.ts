import { StoreError, type StoreErrorCode } from '../../errors.ts';

/** What a thread offers, by method: argument and result. Everything crosses by structured clone. */
export type ThreadMethods = Record<string, (argument: never) => unknown>;

export interface ThreadRequest {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

export type ThreadAnswer =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly fault: ThreadFault };

/** An error as it crosses: structured clone would drop the fields of our error classes. */
export interface ThreadFault {
  readonly code: StoreErrorCode | undefined;
  readonly message: string;
  readonly path: string | undefined;
}

export function toFault(error: unknown): ThreadFault {
  if (error instanceof StoreError) return { code: error.code, message: error.message, path: error.path };
  return {
    code: undefined,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    path: undefined,
  };
}

export function fromFault({ code, message, path }: ThreadFault): Error {
  return code === undefined ? new Error(message) : new StoreError(code, message, path);
}
