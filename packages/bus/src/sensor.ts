import {
  encodeSample,
  firstIntervalCutUs,
  formatAddress,
  isStatus,
  mayLackValue,
  STATUSES,
  toMicroseconds,
  toSeconds,
  type Attributes,
  type Rate,
  type Sample,
  type SampleValue,
  type SensorAddress,
  type Status,
  type Verdict,
} from '@katbus/protocol';
import { UsageError } from './errors.ts';
import type { SensorSampling } from './policy/sensor-sampling.ts';
import type { SensorKind } from './sensor-kind.ts';
import { encodeValue, isPlainNumber, mayBeLong, type ComponentValue } from './sensor-value.ts';
import type { ThrottleState } from './throttle/throttle.ts';

export interface UpdateOptions {
  /** Default nominal. */
  readonly status?: Status;
  /** When the value was read at its source, Unix seconds; default now. */
  readonly valueTime?: number;
}

/**
 * One sensor of a component: takes updates, and sends those that its throttle lets out.
 *
 * There may be 200,000 of these, so a sensor has six fields; what changes with its updates is a row of the throttle, which no object is made for.
 */
export class Sensor {
  /** Which row of the throttle and of the timer wheel is this sensor's. */
  readonly row: number;
  private readonly kind: SensorKind;
  private held: SensorSampling;
  readonly attributes: Attributes;
  /** The subject's last token. */
  readonly token: string;

  constructor(kind: SensorKind, token: string, attributes: Attributes, sampling: SensorSampling) {
    // In this order, so that what each update looks at lies together.
    this.row = kind.outlet.throttle.add();
    this.kind = kind;
    this.held = sampling;
    this.attributes = attributes;
    this.token = token;
  }

  get address(): SensorAddress {
    return { component: this.kind.component, sensor: this.token };
  }

  /** `wx.station.wind-speed`: what policies match. */
  get katcpName(): string {
    return this.attributes.katcp_name ?? this.attributes.name;
  }

  /**
   * A value has been read. What becomes of it is the throttle's decision (SUBJECTS.md, "Throttle"); the network's state never
   * makes this throw.
   * @throws {UsageError} naming `value`, `status` or `valueTime`, or `broker` when that is closed
   */
  update(value: ComponentValue, options?: UpdateOptions): void {
    const { outlet, type } = this.kind;
    const { clock, throttle, counters } = outlet;
    outlet.checkOpen();
    clock.read();
    const status = options?.status ?? 'nominal';
    const encoded = isPlainNumber(type, value) ? value : this.checkedValue(value, status);
    const valueTimeUs = options === undefined ? clock.wallUs : this.checkedTimeUs(options, clock.wallUs);
    const { rule } = this.held;
    const verdict = throttle.offer(
      this.row,
      rule,
      clock.steadyUs,
      clock.wallUs,
      encoded,
      status,
      valueTimeUs,
    );
    const { news } = throttle;
    counters.updates += 1;
    counters[verdict] += 1;
    if (outlet.recorder.isOn) this.record(verdict, encoded, status, valueTimeUs, false);
    if (verdict === 'dropped') return;
    if (news === 'first') throttle.shortenFirstInterval(this.row, phaseOf(this.attributes.name));
    outlet.wheel.schedule(this.row);
    if (verdict === 'held') return;
    this.publish(verdict, encoded, status, valueTimeUs, news === 'first' || news === 'status');
  }

  /** The newest update as a sample, for listings; undefined before the first update. */
  reading(): Sample | undefined {
    const newest = this.kind.outlet.throttle.newest(this.row);
    if (newest === undefined) return undefined;
    const { value, status, valueTimeUs, atUs } = newest;
    return {
      name: this.attributes.name,
      time: toSeconds(atUs),
      value_ts: toSeconds(valueTimeUs),
      status,
      value,
    };
  }

  /** What holds for the throttle, and whence it comes. */
  get sampling(): SensorSampling {
    return this.held;
  }

  /** Takes another rule at once: what is held stays held and falls under the new rule's times. */
  changeSampling(sampling: SensorSampling): void {
    if (sampling === this.held) return;
    this.held = sampling;
    this.kind.outlet.wheel.schedule(this.row);
  }

  throttleState(): ThrottleState {
    const state = this.kind.outlet.throttle.state(this.row, this.held.rule);
    // Of its first archive interval a part was left out, as if the sample had been sent so long before.
    const cutUs =
      state.counts.archive === 1 ? firstIntervalCutUs(phaseOf(this.attributes.name), this.held.rule) : 0;
    return { ...state, archivedAtUs: state.archivedAtUs + cutUs };
  }

  /** When {@link expire} is to be called, microseconds of the steady clock; Infinity: never. */
  get deadlineUs(): number {
    return this.kind.outlet.throttle.deadlineUs(this.row, this.held.rule);
  }

  expire(): void {
    const { clock, throttle } = this.kind.outlet;
    clock.read();
    this.sendWaiting(throttle.expire(this.row, this.held.rule, clock.steadyUs));
  }

  /** The broker closes: what waits for a time is sent now. */
  finish(): void {
    const { clock, throttle } = this.kind.outlet;
    clock.read();
    this.sendWaiting(throttle.finish(this.row, this.held.rule, clock.steadyUs));
  }

  private sendWaiting(rate: Rate | undefined): void {
    if (rate === undefined) return;
    const { throttle, counters, recorder } = this.kind.outlet;
    const { news } = throttle;
    const sent = throttle.sent(this.row);
    if (sent === undefined) return;
    counters[rate] += 1;
    if (recorder.isOn) this.record(rate, sent.value, sent.status, sent.valueTimeUs, true);
    this.publish(rate, sent.value, sent.status, sent.valueTimeUs, news === 'status');
  }

  private checkedValue(value: ComponentValue, status: Status): SampleValue {
    const encoded = encodeValue(value, this.kind.type, this.attributes.params as readonly unknown[]);
    if ('fault' in encoded) throw this.fault('value', encoded.fault);
    if (encoded.value === null && isStatus(status) && !mayLackValue(status))
      throw this.fault('value', `must not be null with status ${status}`);
    if (mayBeLong(encoded.value)) this.checkLength(encoded.value);
    return encoded.value;
  }

  private checkedTimeUs({ status, valueTime }: UpdateOptions, nowUs: number): number {
    if (status !== undefined && !isStatus(status))
      throw this.fault('status', `must be one of ${STATUSES.join(', ')}`);
    if (valueTime === undefined) return nowUs;
    const valueTimeUs = toMicroseconds(valueTime);
    if (!Number.isSafeInteger(valueTimeUs)) throw this.fault('valueTime', 'must be Unix seconds');
    return valueTimeUs;
  }

  private checkLength(value: SampleValue): void {
    const bytes = Buffer.byteLength(encodeSample(this.attributes.name, 0, 0, 'unreachable', value)) + 64;
    const most = this.kind.outlet.maxPayload();
    if (bytes > most)
      throw this.fault('value', `makes a sample of ${bytes} bytes; the server takes at most ${most}`);
  }

  private fault(field: string, rule: string): UsageError {
    return new UsageError(field, formatAddress(this.address), rule);
  }

  private record(
    verdict: Verdict,
    value: SampleValue,
    status: Status,
    valueTimeUs: number,
    byTimer: boolean,
  ): void {
    const { clock, throttle, recorder } = this.kind.outlet;
    const [time, valueTime] = [toSeconds(clock.wallUs), toSeconds(valueTimeUs)];
    recorder.note(this.row, { time, valueTime, value, status, verdict, news: throttle.news, byTimer });
  }

  private publish(
    rate: Rate,
    value: SampleValue,
    status: Status,
    valueTimeUs: number,
    statusChanged: boolean,
  ): void {
    const { outlet, archivePrefix, normalPrefix } = this.kind;
    const timeUs = outlet.sampleClock.next(outlet.throttle.timeUs(this.row));
    outlet.throttle.setTimeUs(this.row, timeUs);
    const payload = encodeSample(this.attributes.name, timeUs, valueTimeUs, status, value);
    const subject = (rate === 'archive' ? archivePrefix : normalPrefix) + this.token;
    outlet.publish(subject, payload, rate, statusChanged);
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
