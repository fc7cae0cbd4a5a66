export { BusConnection, REQUEST_TIMEOUT_MS } from './connection.ts';
export type { PublishOptions, RequestOptions, SubscribeOptions } from './connection.ts';
export { CONNECTION_DEFAULTS, withoutLogins } from './connection-options.ts';
export type { ConnectionOptions } from './connection-options.ts';
export type { ConnectionStatus } from './connection-status.ts';
export * from './errors.ts';
export type { BusMessage } from './message.ts';
export type { RequestManyOptions } from './request-many.ts';
export { DURABILITY_TIMEOUT_MS, readDurability } from './durability.ts';
export type { Durability } from './durability.ts';
export { STREAM_DEFAULTS, STREAMS } from './stream-settings.ts';
export type { StreamName, StreamSettings } from './stream-settings.ts';
export { checkStreams, setupStreams, streamState } from './streams.ts';
export type { SetupReport, StreamDifference, StreamReport, StreamState } from './streams.ts';
export { BusService, SERVICE_ERROR_CODE_HEADER, SERVICE_ERROR_HEADER } from './service.ts';
export type { ServiceAnswer, ServiceEndpoint, ServiceOptions } from './service.ts';
export {
  DISCOVER_DEFAULTS,
  callService,
  callServiceText,
  discoverServices,
  serviceAnswer,
} from './service-call.ts';
export type { DiscoverOptions, ServiceIdentity } from './service-call.ts';
export type { Anchor } from './anchor.ts';
export { storedMessage } from './anchor.ts';
export { DurableConsumer } from './consumer.ts';
export { DURABLE_CONSUMER_DEFAULTS } from './consumer-options.ts';
export type {
  ConsumerEvent,
  ConsumerStatus,
  DurableConsumerOptions,
  FetchOptions,
} from './consumer-options.ts';
export type { StreamMessage } from './stream-message.ts';
export { AcknowledgedWindow, WINDOW_DEFAULTS } from './acknowledged-window.ts';
export type { LaneName, WindowCounters, WindowEvent, WindowOptions } from './acknowledged-window.ts';
export { READ_STREAM_DEFAULTS, readStream } from './catch-up.ts';
export type { ReadFrom, ReadStreamOptions, ReadStreamReport } from './catch-up.ts';
export { lastMessage } from './last-message.ts';
export { LAST_VALUES_DEFAULTS, lastValues } from './last-values.ts';
export type { LastValuesOptions, MustInclude } from './last-values.ts';
export { Markers, checkMarker, parseMarker } from './marker.ts';
export type { MarkedStream, Marker, MarkerPosition, MarkerPositions } from './marker.ts';
export { STORE_TIMEOUT_MS, publishStored } from './stored-publish.ts';
export type { Stored } from './stored-publish.ts';
export { KV_DEFAULTS, KvBucket } from './kv.ts';
export type { KvOptions } from './kv.ts';
export { watchBucket } from './kv-watch.ts';
export type { KvEntry } from './kv-entry.ts';
export { LEASE_DEFAULTS, Lease } from './lease.ts';
export type { LeaseOptions } from './lease.ts';
export type { ServerInfo } from './server-info.ts';
