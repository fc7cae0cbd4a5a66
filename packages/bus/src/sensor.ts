import {
  encodeSample,
  formatAddress,
  isStatus,
  mayLackValue,
  Sampler,
  sensorSubject,
  STATUSES,
  toMicroseconds,
  toSeconds,
  wallClockUs,
  type Attributes,
  type Rate,
  type Sample,
  type SamplingRule,
  type SensorAddress,
  type Status,
  type Update,
} from '@katbus/protocol';
import { UsageError } from './errors.ts';
import type { SampleClock } from './sample-clock.ts';
import type { CheckedDefinition } from './sensor-definition.ts';
import { encodeValue, mayBeLong, type ComponentValue } from './sensor-value.ts';
import type { ThrottleCounters } from './throttle-counters.ts';
import type { TimerWheel, WheelEntry } from './timer-wheel.ts';

export interface UpdateOptions {
  /** Default nominal. */
  readonly status?: Status;
  /** When the value was read at its source, Unix seconds; default now. */
  readonly valueTime?: number;
}

/** What a sensor needs of its broker. */
export interface SensorOutlet {
  readonly clock: SampleClock;
  readonly wheel: TimerWheel;
  /** Microseconds of a clock that never steps back: the throttle's time. */
  steadyUs(): number;
  /** @throws {UsageError} when the broker is closed */
  checkOpen(): void;
  /** The largest payload that the server takes, bytes. */
  maxPayload(): number;
  /** @param statusChanged such a sample is the last to be dropped when the resend buffer is full */
  publish(subject: string, payload: string, rate: Rate, statusChanged: boolean): void;
  readonly counters: ThrottleCounters;
}

/** One sensor of a component: takes updates, and sends those that its throttle lets out. */
export class Sensor implements WheelEntry {
  readonly address: SensorAddress;
  readonly attributes: Attributes;
  /** The newest update, whether the throttle let it out or not. */
  private newest: Update | undefined;
  private newestAtUs = 0;
  private lastTimeUs = 0;
  private lastStatus: Status | undefined;
  private readonly definition: CheckedDefinition;
  private readonly outlet: SensorOutlet;
  private readonly sampler: Sampler;
  private readonly archiveSubject: string;
  private readonly normalSubject: string;

  wheelSlot = -1;
  wheelNext: WheelEntry | undefined;
  wheelPrevious: WheelEntry | undefined;

  constructor(definition: CheckedDefinition, outlet: SensorOutlet) {
    this.definition = definition;
    this.address = definition.address;
    this.attributes = definition.attributes;
    this.outlet = outlet;
    this.sampler = new Sampler(definition.rule, phaseOf(definition.attributes.name));
    this.archiveSubject = sensorSubject('archive', definition.address);
    this.normalSubject = sensorSubject('normal', definition.address);
  }

  /**
   * A value has been read. What becomes of it is the throttle's decision (SUBJECTS.md, "Throttle"); the network's state never
   * makes this throw.
   * @throws {UsageError} naming `value`, `status` or `valueTime`, or `broker` when that is closed
   */
  update(value: ComponentValue, options: UpdateOptions = {}): void {
    this.outlet.checkOpen();
    const nowUs = wallClockUs();
    const update = this.checkedUpdate(value, options, nowUs);
    const { outlet, sampler } = this;
    this.newest = update;
    this.newestAtUs = nowUs;
    outlet.counters.updates += 1;
    const verdict = sampler.offer(outlet.steadyUs(), update);
    outlet.counters[verdict] += 1;
    if (verdict === 'archive' || verdict === 'normal') this.publish(verdict, update);
    outlet.wheel.schedule(this);
  }

  /** The newest update as a sample, for listings; undefined before the first update. */
  reading(): Sample | undefined {
    if (this.newest === undefined) return undefined;
    const { value, status, valueTimeUs } = this.newest;
    return {
      name: this.attributes.name,
      time: toSeconds(this.newestAtUs),
      value_ts: toSeconds(valueTimeUs),
      status,
      value,
    };
  }

  changeRule(rule: SamplingRule): void {
    this.sampler.changeRule(rule);
    this.outlet.wheel.schedule(this);
  }

  get deadlineUs(): number {
    return this.sampler.deadlineUs;
  }

  expire(): void {
    const rate = this.sampler.expire(this.outlet.steadyUs());
    const { sent } = this.sampler;
    if (rate === undefined || sent === undefined) return;
    this.outlet.counters[rate] += 1;
    this.publish(rate, sent);
  }

  private checkedUpdate(
    value: ComponentValue,
    { status = 'nominal', valueTime }: UpdateOptions,
    nowUs: number,
  ): Update {
    const { type, attributes } = this.definition;
    const encoded = encodeValue(value, type, attributes.params as readonly unknown[]);
    if ('fault' in encoded) throw this.fault('value', encoded.fault);
    if (!isStatus(status)) throw this.fault('status', `must be one of ${STATUSES.join(', ')}`);
    if (encoded.value === null && !mayLackValue(status))
      throw this.fault('value', `must not be null with status ${status}`);
    if (valueTime !== undefined && !Number.isSafeInteger(toMicroseconds(valueTime))) {
      throw this.fault('valueTime', 'must be Unix seconds');
    }
    if (mayBeLong(encoded.value)) this.checkLength(encoded.value);
    return {
      value: encoded.value,
      status,
      valueTimeUs: valueTime === undefined ? nowUs : toMicroseconds(valueTime),
    };
  }

  private checkLength(value: Update['value']): void {
    const bytes = Buffer.byteLength(encodeSample(this.attributes.name, 0, 0, 'unreachable', value)) + 64;
    const most = this.outlet.maxPayload();
    if (bytes > most)
      throw this.fault('value', `makes a sample of ${bytes} bytes; the server takes at most ${most}`);
  }

  private fault(field: string, rule: string): UsageError {
    return new UsageError(field, formatAddress(this.address), rule);
  }

  private publish(rate: Rate, update: Update): void {
    const timeUs = this.outlet.clock.next(this.lastTimeUs);
    const statusChanged = update.status !== this.lastStatus;
    this.lastTimeUs = timeUs;
    this.lastStatus = update.status;
    const payload = encodeSample(
      this.attributes.name,
      timeUs,
      update.valueTimeUs,
      update.status,
      update.value,
    );
    this.outlet.publish(
      rate === 'archive' ? this.archiveSubject : this.normalSubject,
      payload,
      rate,
      statusChanged,
    );
  }
}

/** A number from 0 to below 1 that depends on the name only (FNV-1a): spreads the first archive intervals of a component's sensors. */
function phaseOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < name.length; place += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(place), 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}
