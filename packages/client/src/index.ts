/**
 * The TypeScript client of the Katbus portal, for browsers and Node.
 * @module @katbus/client
 */
export type { Dial, Disconnect, Line, LineEvents } from './dial.ts';
export * from './errors.ts';
export { PORTAL_CLIENT_DEFAULTS, type PortalClientOptions } from './options.ts';
export {
  PortalClient,
  type ClientCounters,
  type ClientState,
  type SubscribeOptions,
} from './portal-client.ts';
export { SAMPLE_STREAM_DEFAULTS, type SampleStreamOptions, type StreamedSample } from './sample-stream.ts';
export type { SnapshotPage, Subscription, SubscriptionHandlers } from './subscription.ts';
// A float that is not finite travels as a string: who reads values needs this beside the client.
export { decodeFloat } from '@katbus/protocol';
// What a page of bins has cut is put together by this.
export { JoinedBins } from '@katbus/protocol';
