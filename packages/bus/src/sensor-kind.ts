import { sensorSubject, type Rate, type SensorType } from '@katbus/protocol';
import type { BrokerClock } from './broker-clock.ts';
import type { DecisionRecorder } from './explain/decision-recorder.ts';
import type { SampleClock } from './sample-clock.ts';
import type { Throttle } from './throttle/throttle.ts';
import type { ThrottleCounters } from './throttle/throttle-counters.ts';
import type { TimerWheel } from './throttle/timer-wheel.ts';

/** What a sensor needs of its broker. */
export interface SensorOutlet {
  readonly clock: BrokerClock;
  readonly sampleClock: SampleClock;
  readonly throttle: Throttle;
  readonly wheel: TimerWheel<number>;
  readonly recorder: DecisionRecorder;
  readonly counters: ThrottleCounters;
  /** @throws {UsageError} when the broker is closed */
  checkOpen(): void;
  /** The largest payload that the server takes, bytes. */
  maxPayload(): number;
  /** @param statusChanged such a sample is the last to be dropped when the resend buffer is full */
  publish(subject: string, payload: string, rate: Rate, statusChanged: boolean): void;
}

/** What all sensors of one component and type share, so that each of 200,000 carries one pointer for it. */
export interface SensorKind {
  readonly component: string;
  readonly type: SensorType;
  readonly outlet: SensorOutlet;
  /** `sensor.archive.wx.` */
  readonly archivePrefix: string;
  readonly normalPrefix: string;
}

/** The kinds of a component's sensors, made as they are asked for. */
export class SensorKinds {
  private readonly byType = new Map<SensorType, SensorKind>();
  private readonly component: string;
  private readonly outlet: SensorOutlet;

  constructor(component: string, outlet: SensorOutlet) {
    this.component = component;
    this.outlet = outlet;
  }

  of(type: SensorType): SensorKind {
    let kind = this.byType.get(type);
    if (kind === undefined) {
      const { component, outlet } = this;
      const prefix = (rate: Rate) => sensorSubject(rate, { component, sensor: '' });
      kind = { component, type, outlet, archivePrefix: prefix('archive'), normalPrefix: prefix('normal') };
      this.byType.set(type, kind);
    }
    return kind;
  }
}
