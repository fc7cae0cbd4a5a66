import { sensorToken, type Attributes, type Rate, type SamplingSettings } from '@katbus/protocol';
import { checkAnnounceable } from './attributes-announcer.ts';
import { BrokerClock } from './broker-clock.ts';
import { UsageError } from './errors.ts';
import { DecisionRecorder } from './explain/decision-recorder.ts';
import { ComponentPolicies, type PolicyEvent } from './policy/component-policies.ts';
import { SampleClock } from './sample-clock.ts';
import { checkDefinition, type SensorDefinition } from './sensor-definition.ts';
import { SensorKinds } from './sensor-kind.ts';
import { Sensor } from './sensor.ts';
import { Throttle } from './throttle/throttle.ts';
import { newThrottleCounters, type ThrottleCounters } from './throttle/throttle-counters.ts';
import { TimerWheel } from './throttle/timer-wheel.ts';
import { WheelRows } from './throttle/wheel-rows.ts';

/** What the sensors of a component need of it. */
export interface ComponentOutlet {
  readonly component: string;
  /** Of sensors whose definition is silent about it. */
  readonly sampling: SamplingSettings | undefined;
  /** Microseconds since 1970. */
  readonly wallClockUs: (() => number) | undefined;
  /** @throws {UsageError} when the broker is closed */
  checkOpen(): void;
  maxPayload(): number;
  publish(subject: string, payload: string, rate: Rate, statusChanged: boolean): void;
  announce(attributes: Attributes): void;
  tell(event: PolicyEvent): void;
}

/** The sensors of a component with what they share: throttle, timer wheel, clocks, policies. */
export class ComponentSensors implements Iterable<Sensor> {
  readonly counters: ThrottleCounters = newThrottleCounters();
  readonly clock: BrokerClock;
  readonly sampleClock: SampleClock;
  readonly recorder = new DecisionRecorder();
  readonly policies: ComponentPolicies;
  readonly byToken: ReadonlyMap<string, Sensor>;
  private readonly sensors = new Map<string, Sensor>();
  /** By their rows in throttle and timer wheel, which is the order in which they were made. */
  private readonly byRow: Sensor[] = [];
  private readonly wheel: TimerWheel<number>;
  private readonly outlet: ComponentOutlet;
  private readonly kinds: SensorKinds;

  constructor(outlet: ComponentOutlet) {
    const { component, wallClockUs } = outlet;
    this.outlet = outlet;
    this.byToken = this.sensors;
    const clock = new BrokerClock(wallClockUs);
    this.clock = clock;
    this.sampleClock = new SampleClock(() => clock.read().wallUs);
    this.policies = new ComponentPolicies(component, this.byRow, (event) => outlet.tell(event));
    const rows = new WheelRows({
      deadlineUs: (row) => this.byRow[row]!.deadlineUs,
      expire: (row) => this.byRow[row]!.expire(),
    });
    this.wheel = new TimerWheel(() => clock.read().steadyUs, rows);
    this.kinds = new SensorKinds(component, {
      clock,
      sampleClock: this.sampleClock,
      throttle: new Throttle(),
      wheel: this.wheel,
      recorder: this.recorder,
      counters: this.counters,
      checkOpen: () => outlet.checkOpen(),
      maxPayload: () => outlet.maxPayload(),
      publish: (subject, payload, rate, statusChanged) =>
        outlet.publish(subject, payload, rate, statusChanged),
    });
  }

  get size(): number {
    return this.byRow.length;
  }

  [Symbol.iterator](): Iterator<Sensor> {
    return this.byRow[Symbol.iterator]();
  }

  /**
   * Makes a sensor and announces its attributes.
   * @throws {UsageError} naming the field
   * @throws {MalformedNameError} naming `name`
   * @throws {SamplingSettingsError} naming the field of `sampling`
   */
  add(definition: SensorDefinition): Sensor {
    const { component, sampling } = this.outlet;
    const merged = { ...definition, sampling: { ...sampling, ...definition.sampling } };
    const checked = checkDefinition(component, merged);
    const { attributes, type } = checked;
    checkAnnounceable(attributes);
    const token = checked.address.sensor;
    const katcpName = attributes.katcp_name ?? token;
    const twin = this.sensors.get(token);
    if (twin !== undefined)
      throw new UsageError('name', katcpName, `makes the same subject as the sensor ${twin.katcpName}`);
    const held = this.policies.samplings.of(katcpName, checked.sampling);
    const sensor = new Sensor(this.kinds.of(type), token, attributes, held);
    this.sensors.set(token, sensor);
    this.byRow.push(sensor);
    this.outlet.announce(attributes);
    return sensor;
  }

  /** A sensor by the name that it was made with, or by its token. @throws {MalformedNameError} when no sensor can have this name */
  find(name: string): Sensor | undefined {
    return this.sensors.get(name) ?? this.sensors.get(sensorToken(name));
  }

  /** What waits for its time is sent now; after that nothing is sent any more by itself. */
  stop(): void {
    this.wheel.stop();
    for (const sensor of this.byRow) sensor.finish();
    this.policies.stop();
    this.recorder.stop();
  }
}
