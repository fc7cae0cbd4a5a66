import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { SchemaError } from '../errors.ts';
import { SCHEMAS, type SchemaName } from './shapes.ts';

const ajv = new Ajv2020({ allErrors: false, allowUnionTypes: true, strict: true });
const compiled = new Map<SchemaName, ValidateFunction>();

/**
 * Checks a parsed JSON document against one of {@link SCHEMAS} and returns it, typed.
 * @throws {SchemaError} naming the first field at fault
 */
export function validate<T>(schema: SchemaName, document: unknown): T {
  let check = compiled.get(schema);
  if (check === undefined) {
    check = ajv.compile(SCHEMAS[schema]);
    compiled.set(schema, check);
  }
  if (check(document)) return document as T;
  const [fault] = check.errors ?? [];
  throw new SchemaError(schema, fieldOf(fault), ruleOf(fault));
}

/** Of a closed set, what is in it: whoever has misspelt one finds it there. */
function ruleOf(fault: ErrorObject | undefined): string {
  const { allowedValues } = (fault?.params ?? {}) as { allowedValues?: readonly unknown[] };
  if (allowedValues === undefined) return fault?.message ?? 'is wrong';
  return `must be one of ${allowedValues.join(', ')}`;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a request's bytes and checks them. No bytes at all are an empty object, because a bare `nats req` sends none.
 * @throws {SchemaError} naming the first field at fault; `(payload)` when it is not JSON
 */
export function parseRequest<T>(schema: SchemaName, payload: Uint8Array | string): T {
  let document: unknown;
  try {
    const text = typeof payload === 'string' ? payload : decoder.decode(payload);
    document = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new SchemaError(schema, '(payload)', 'is not JSON');
  }
  return validate(schema, document);
}

function fieldOf(fault: ErrorObject | undefined): string {
  if (fault === undefined) return '';
  const path = fault.instancePath.slice(1).replaceAll('/', '.');
  const named = fault.params as { missingProperty?: string; additionalProperty?: string };
  const last = named.missingProperty ?? named.additionalProperty;
  if (last === undefined) return path === '' ? '(payload)' : path;
  return path === '' ? last : `${path}.${last}`;
}
