import { heartbeatSubject, outranks, type ClaimParty, type Heartbeat } from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import type { BusConnection } from './nats/index.ts';

/**
 * Listens whether another process sends heartbeats under this component's name: the network was parted when the later one of them started,
 * or the earlier one was so busy that it did not answer.
 * @param onTwin told at each heartbeat of one that {@link outranks} this one; the other one is told by its own broker
 * @returns the undo
 */
export function watchTwins(
  connection: Pick<BusConnection, 'subscribe'>,
  party: ClaimParty,
  onTwin: (other: ClaimParty) => void,
): () => void {
  return connection.subscribe(heartbeatSubject(party.component), ({ data }) => {
    const other = read(data);
    if (other === undefined || other.leaving === true) return;
    const { instance, since, host = 'unknown', pid = 0 } = other;
    // Who tells no instance cannot be told from a heartbeat of our own that another client library sent.
    if (instance === undefined || since === undefined || instance === party.instance) return;
    const twin: ClaimParty = { component: party.component, instance, since, host, pid };
    if (outranks(twin, party)) onTwin(twin);
  });
}

function read(data: Uint8Array): Heartbeat | undefined {
  try {
    return validate<Heartbeat>('heartbeat', JSON.parse(Buffer.from(data).toString()));
  } catch {
    // Anybody may publish anything there; presence counts what cannot be read.
    return undefined;
  }
}
