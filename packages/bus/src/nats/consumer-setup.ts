import { AckPolicy, DeliverPolicy, type ConsumerConfig, type ConsumerInfo } from '@nats-io/jetstream';
import { checkAnchor, type Anchor } from './anchor.ts';
import type { BusConnection } from './connection.ts';
import { API_CODE, callJetStream, hasApiCode } from './jetstream-api.ts';
import { streamState, type StreamState } from './streams.ts';

export interface ConsumerPlan {
  readonly stream: string;
  readonly durable: string;
  readonly filter: string | undefined;
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
  readonly inactiveMs: number;
}

/** What the reader knows of its own place. */
export interface ReadPosition {
  /** Nothing up to here is wanted again: it is stored, and that was acknowledged. Undefined: only the server knows. */
  readonly acknowledged: Anchor | undefined;
  /** Up to here messages were given out, and their reader still has them in hand. */
  readonly handedOut: Anchor | undefined;
  /** When the stream of these was made, as the server tells; undefined: not known. */
  readonly streamCreated?: string | undefined;
}

/** A consumer that stands ready, with nothing delivered that is not acknowledged. */
export interface ReadyConsumer {
  readonly name: string;
  /** The first message that it will deliver, if the stream still has it. */
  readonly nextSequence: number;
  /** Number of its last delivery. */
  readonly deliverySequence: number;
  /** Messages up to here have been delivered to somebody before. */
  readonly deliveredBefore: number;
  /** Why the place of before means nothing any more; undefined when it holds. */
  readonly resetReason: string | undefined;
  /** When the stream was made. */
  readonly streamCreated: string;
}

/**
 * Brings the durable consumer to the reader's place. With acknowledgement of all up to a message, one acknowledgement also covers what an
 * earlier process was given and never stored: so a consumer that has deliveries in the air is made anew, from the message after the last
 * acknowledged one, rather than read on from.
 * @throws {StreamMissingError} @throws {JetStreamError}
 */
export async function readyConsumer(
  connection: BusConnection,
  plan: ConsumerPlan,
  position: ReadPosition,
): Promise<ReadyConsumer> {
  const stream = await streamState(connection, plan.stream);
  const existing = await consumerInfo(connection, plan);
  let acknowledged = position.acknowledged?.sequence ?? existing?.ack_floor.stream_seq ?? 0;
  const resetReason = await whyReset(connection, stream, position, acknowledged);
  if (
    resetReason !== undefined &&
    (isMadeAnew(stream, position) ||
      (await isLost(connection, stream, position.acknowledged ?? { sequence: acknowledged })))
  )
    acknowledged = 0;
  const deliveredBefore = Math.max(
    existing?.delivered.stream_seq ?? 0,
    position.handedOut?.sequence ?? 0,
    acknowledged,
  );
  const common = {
    nextSequence: acknowledged + 1,
    deliveredBefore: resetReason === undefined ? deliveredBefore : acknowledged,
    resetReason,
    streamCreated: stream.createdTime,
  };
  if (
    existing !== undefined &&
    resetReason === undefined &&
    isAt(existing, acknowledged) &&
    fits(existing, plan)
  ) {
    return { ...common, name: existing.name, deliverySequence: existing.delivered.consumer_seq };
  }
  const created = await createConsumer(connection, plan, acknowledged + 1, existing !== undefined);
  return { ...common, name: created.name, deliverySequence: created.delivered.consumer_seq };
}

/** @returns undefined when there is no such consumer @throws {StreamMissingError} @throws {JetStreamError} */
export async function consumerInfo(
  connection: BusConnection,
  plan: Pick<ConsumerPlan, 'stream' | 'durable'>,
): Promise<ConsumerInfo | undefined> {
  try {
    return await callJetStream<ConsumerInfo>(
      connection,
      `CONSUMER.INFO.${plan.stream}.${plan.durable}`,
      undefined,
      { what: `ask for consumer ${plan.durable}`, stream: plan.stream },
    );
  } catch (error) {
    if (hasApiCode(error, API_CODE.consumerNotFound)) return undefined;
    throw error;
  }
}

async function createConsumer(
  connection: BusConnection,
  plan: ConsumerPlan,
  startSequence: number,
  exists: boolean,
): Promise<ConsumerInfo> {
  const config: Partial<ConsumerConfig> = {
    durable_name: plan.durable,
    ack_policy: AckPolicy.All,
    ack_wait: plan.ackWaitMs * 1e6,
    max_ack_pending: plan.maxAckPending,
    ...(startSequence > 1
      ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: startSequence }
      : { deliver_policy: DeliverPolicy.All }),
    ...(plan.filter === undefined ? {} : { filter_subject: plan.filter }),
    ...(plan.inactiveMs === 0 ? {} : { inactive_threshold: plan.inactiveMs * 1e6 }),
  };
  const { stream, durable } = plan;
  const context = { what: `create consumer ${durable}`, stream };
  if (exists) {
    try {
      await callJetStream(connection, `CONSUMER.DELETE.${stream}.${durable}`, undefined, context);
    } catch (error) {
      if (!hasApiCode(error, API_CODE.consumerNotFound)) throw error;
    }
  }
  const operation = `CONSUMER.CREATE.${stream}.${durable}`;
  return callJetStream<ConsumerInfo>(
    connection,
    operation,
    { stream_name: stream, config, action: 'create' },
    context,
  );
}

async function whyReset(
  connection: BusConnection,
  stream: StreamState,
  position: ReadPosition,
  acknowledgedSequence: number,
): Promise<string | undefined> {
  const { acknowledged, handedOut } = position;
  if (isMadeAnew(stream, position))
    return `${stream.stream} was wiped: it was made anew at ${stream.createdTime}`;
  for (const anchor of [handedOut, acknowledged ?? { sequence: acknowledgedSequence }]) {
    if (anchor === undefined || !(await isLost(connection, stream, anchor))) continue;
    return (
      `${stream.stream} was wiped or rolled back: message ${anchor.sequence} was read, ` +
      (anchor.sequence > stream.lastSequence
        ? `its last one is ${stream.lastSequence}`
        : `another one is there now`)
    );
  }
  return undefined;
}

function isMadeAnew({ createdTime }: StreamState, { streamCreated }: ReadPosition): boolean {
  return streamCreated !== undefined && streamCreated !== createdTime;
}

async function isLost(connection: BusConnection, stream: StreamState, anchor: Anchor): Promise<boolean> {
  return anchor.sequence > 0 && (await checkAnchor(connection, stream, anchor)) === 'other';
}

function isAt({ ack_floor, delivered, num_ack_pending }: ConsumerInfo, acknowledged: number): boolean {
  return (
    num_ack_pending === 0 &&
    ack_floor.stream_seq === acknowledged &&
    delivered.stream_seq === ack_floor.stream_seq
  );
}

function fits({ config }: ConsumerInfo, plan: ConsumerPlan): boolean {
  return (
    config.ack_policy === AckPolicy.All &&
    config.ack_wait === plan.ackWaitMs * 1e6 &&
    config.max_ack_pending === plan.maxAckPending &&
    config.filter_subject === plan.filter &&
    (config.inactive_threshold ?? 0) === plan.inactiveMs * 1e6 &&
    config.deliver_subject === undefined
  );
}
