import { heartbeatSubject, type Heartbeat as HeartbeatMessage } from '@katbus/protocol';

export interface HeartbeatSource {
  readonly component: string;
  /** Differs between two processes that take one component name. */
  readonly instance: string;
  sensorCount(): number;
  publish(subject: string, payload: string): void;
}

/** Says every few seconds that a component is alive, on `heartbeat.<component>`. @returns what ends it */
export function startHeartbeat(source: HeartbeatSource, intervalSeconds: number): () => void {
  const beat = () => {
    const message: HeartbeatMessage = {
      component: source.component,
      instance: source.instance,
      time: Date.now() / 1000,
      intervalSeconds,
      sensors: source.sensorCount(),
    };
    source.publish(heartbeatSubject(source.component), JSON.stringify(message));
  };
  beat();
  const timer = setInterval(beat, intervalSeconds * 1000);
  return () => {
    clearInterval(timer);
  };
}
