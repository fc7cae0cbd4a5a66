export { BusConnection, REQUEST_TIMEOUT_MS } from './connection.ts';
export type { PublishOptions, RequestOptions, ServerInfo, SubscribeOptions } from './connection.ts';
export { CONNECTION_DEFAULTS } from './connection-options.ts';
export type { ConnectionOptions } from './connection-options.ts';
export type { ConnectionStatus } from './connection-status.ts';
export * from './errors.ts';
export type { BusMessage } from './message.ts';
export type { RequestManyOptions } from './request-many.ts';
