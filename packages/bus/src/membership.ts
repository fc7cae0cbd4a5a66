import { hostname } from 'node:os';
import type { ClaimParty } from '@katbus/protocol';
import { Heartbeat } from './heartbeat.ts';
import { NameClaim } from './name-claim.ts';
import type { BusConnection } from './nats/index.ts';
import { watchTwins } from './twin-watch.ts';

export interface MembershipOptions {
  readonly component: string;
  readonly instance: string;
  readonly version: string;
  readonly takeover: boolean;
  readonly claimTimeoutMs: number;
  readonly heartbeatSeconds: number;
  readonly sensorCount: () => number;
  readonly clockEpoch: () => number | undefined;
  /** Another process takes the name over; resolves when nothing more is published. */
  readonly onYield: (by: ClaimParty) => Promise<void>;
  /** Another process has the name too, and is the one to keep it: told once of each. */
  readonly onTwin: (other: ClaimParty) => void;
}

/** A component's being on the bus under its name: the claim of it, the heartbeats that say so, the goodbye. */
export class Membership {
  private readonly connection: BusConnection;
  private readonly options: MembershipOptions;
  private readonly party: ClaimParty;
  private claim: NameClaim | undefined;
  private heartbeat: Heartbeat | undefined;
  private readonly undo: (() => void)[] = [];
  /** Instances that have been told of. */
  private readonly twins = new Set<string>();

  /** To be made before what sends samples again: after a reconnect others hear first which clock epoch holds, and that we live. */
  constructor(connection: BusConnection, options: MembershipOptions) {
    const { component, instance } = options;
    this.connection = connection;
    this.options = options;
    this.party = { component, instance, host: hostname(), pid: process.pid, since: Date.now() / 1000 };
    this.undo.push(
      connection.onStatus(({ type }) => {
        if (type === 'reconnected') this.beat();
      }),
    );
  }

  /** To be called before anything is published. @throws {NameTakenError} @throws {DisconnectedError} */
  async claimName(): Promise<void> {
    const { takeover, claimTimeoutMs: timeoutMs, onYield } = this.options;
    const onTwin = (other: ClaimParty) => this.meetTwin(other);
    const request = takeover ? { ...this.party, takeover } : this.party;
    this.claim = await NameClaim.make(this.connection, { request, timeoutMs, onYield, onTwin });
  }

  /** Says for the first time that the component is here. */
  begin(): void {
    const { connection, party } = this;
    const { version, heartbeatSeconds, sensorCount, clockEpoch } = this.options;
    this.undo.push(watchTwins(connection, party, (other) => this.meetTwin(other)));
    const publish = (subject: string, payload: string) => {
      // While the connection is down the client library would keep these, and they would come late and in a heap.
      if (connection.connected) connection.publish(subject, payload);
    };
    this.heartbeat = new Heartbeat({ party, version, sensorCount, clockEpoch, publish }, heartbeatSeconds);
  }

  /** A heartbeat out of turn: others should know at once that we live, and which clock epoch holds. */
  beat(): void {
    this.heartbeat?.beat();
  }

  /** The name is free, and no heartbeat comes any more; what is published already may still be under way. */
  release(): void {
    this.heartbeat?.stop();
    this.claim?.release();
    for (const undo of this.undo.splice(0)) undo();
  }

  /** To be called when nothing more is published. */
  sayGoodbye(): void {
    this.heartbeat?.sayGoodbye();
  }

  private meetTwin(other: ClaimParty): void {
    if (this.twins.has(other.instance)) return;
    this.twins.add(other.instance);
    this.options.onTwin(other);
  }
}
