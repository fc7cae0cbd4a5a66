import { heartbeatSubject, type ClaimParty, type Heartbeat as HeartbeatMessage } from '@katbus/protocol';

export interface HeartbeatSource {
  readonly party: ClaimParty;
  readonly version: string;
  sensorCount(): number;
  clockEpoch(): number | undefined;
  publish(subject: string, payload: string): void;
}

/** Says every few seconds that a component is alive, on `heartbeat.<component>`, and at last that it leaves. */
export class Heartbeat {
  private readonly source: HeartbeatSource;
  private readonly intervalSeconds: number;
  private readonly timer: NodeJS.Timeout;

  constructor(source: HeartbeatSource, intervalSeconds: number) {
    this.source = source;
    this.intervalSeconds = intervalSeconds;
    this.timer = setInterval(() => this.beat(), intervalSeconds * 1000);
    this.beat();
  }

  /** One now, out of turn: something of it has changed that others should know at once. */
  beat(): void {
    this.publish(false);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** To be called when nothing more is published. */
  sayGoodbye(): void {
    this.stop();
    this.publish(true);
  }

  private publish(leaving: boolean): void {
    const { party, version } = this.source;
    const clockEpoch = this.source.clockEpoch();
    const message: HeartbeatMessage = {
      component: party.component,
      instance: party.instance,
      time: Date.now() / 1000,
      intervalSeconds: this.intervalSeconds,
      sensors: this.source.sensorCount(),
      since: party.since,
      host: party.host,
      pid: party.pid,
      version,
      ...(clockEpoch !== undefined && { clockEpoch }),
      ...(leaving && { leaving }),
    };
    this.source.publish(heartbeatSubject(party.component), JSON.stringify(message));
  }
}
