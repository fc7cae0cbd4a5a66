import type { NatsConnection } from '@nats-io/nats-core';

/** What the server said of itself when it was last connected to. */
export interface ServerInfo {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  /** `host:port` of the server that is used now. */
  readonly url: string;
  /** Name of the mesh; undefined for a single server. */
  readonly cluster: string | undefined;
  readonly jetStream: boolean;
}

/** @returns undefined while there is no connection */
export function readServerInfo(nats: NatsConnection): (ServerInfo & { maxPayload: number }) | undefined {
  const { info } = nats;
  if (info === undefined) return undefined;
  return {
    name: info.server_name,
    id: info.server_id,
    version: info.version,
    url: nats.getServer(),
    cluster: info.cluster,
    jetStream: info.jetstream ?? false,
    maxPayload: info.max_payload,
  };
}
