import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { AuthorizationError, UserAuthenticationExpiredError } from '@nats-io/nats-core';
import type { ConnectionOptions as NatsOptions, NatsConnection } from '@nats-io/nats-core';
import type { ConnectionSettings } from './connection-options.ts';
import { ConnectError } from './errors.ts';

const REMIND_MS = 30_000;

/**
 * The first connection. The library can wait by itself, but then neither says so nor gives up on a refused login.
 * @throws {ConnectError}
 */
export async function dial(options: NatsOptions, settings: ConnectionSettings): Promise<NatsConnection> {
  let remindAtMs = 0;
  for (;;) {
    try {
      return await connect(options);
    } catch (error) {
      const reason = reasonOf(error);
      const isRefusedLogin =
        error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError;
      if (!settings.waitOnFirstConnect || isRefusedLogin) {
        throw new ConnectError(settings.servers, reason, { cause: error });
      }
      if (performance.now() >= remindAtMs) {
        remindAtMs = performance.now() + REMIND_MS;
        settings.onWaiting(`waiting for NATS at ${settings.servers.join(', ')} (${reason})`);
      }
      await delay(settings.reconnectDelayMs + Math.random() * settings.reconnectJitterMs);
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.toLowerCase();
}
