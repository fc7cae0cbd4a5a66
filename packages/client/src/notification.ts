import type { PortalNotification, PortalNotifications } from '@katbus/protocol';

/** A notification of the protocol together with its method, so that a switch over `method` knows the parameters. */
export type Notification = {
  [M in PortalNotification]: { readonly method: M; readonly params: PortalNotifications[M] };
}[PortalNotification];

/**
 * What must hold of the parameters so that this client does not stumble over them. The portal is trusted for the rest: a full check of
 * every sample would cost more than all else that is done with it.
 */
const CHECKS: Readonly<Record<PortalNotification, (params: Record<string, unknown>) => boolean>> = {
  sample: hasSample,
  snapshot: ({ id, samples, messages, attributes = [] }) =>
    typeof id === 'number' &&
    isListOf(samples, hasSample) &&
    isListOf(messages, hasSubject) &&
    isListOf(attributes, hasAttributes),
  attributes: hasAttributes,
  message: hasSubject,
  sensorAdded: ({ component, sensor }) => typeof component === 'string' && typeof sensor === 'string',
  gap: ({ from, to, reason }) =>
    typeof from === 'number' && typeof to === 'number' && typeof reason === 'string',
};

/** @returns `unknown` for a method that this client does not know, `malformed` for parameters that are not the method's */
export function readNotification(method: string, params: object): Notification | 'unknown' | 'malformed' {
  if (!Object.hasOwn(CHECKS, method)) return 'unknown';
  const check = CHECKS[method as PortalNotification];
  return check(params as Record<string, unknown>) ? ({ method, params } as Notification) : 'malformed';
}

function hasSample(params: Record<string, unknown>): boolean {
  return hasSubject(params) && isObject(params.sample) && typeof params.sample.time === 'number';
}

function hasAttributes(params: Record<string, unknown>): boolean {
  return hasSubject(params) && isObject(params.attributes) && typeof params.attributes.name === 'string';
}

function hasSubject(params: Record<string, unknown>): boolean {
  return typeof params.subject === 'string';
}

function isListOf(list: unknown, check: (entry: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(list) && list.every((entry) => isObject(entry) && check(entry));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
