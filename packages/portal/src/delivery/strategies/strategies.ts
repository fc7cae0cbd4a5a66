import { setImmediate } from 'node:timers/promises';
import { TimerWheel } from '@katbus/bus';
import { sensorSubject, type SamplingRule } from '@katbus/protocol';
import type { PortalLimits } from '../../limits.ts';
import type { PortalMetrics } from '../../metrics.ts';
import type { Publication } from '../publication.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Subscription } from '../subscription.ts';
import { SampledSensor } from './sampled-sensor.ts';
import { StrategyGroup, type SampledRates } from './strategy-group.ts';
import type { Due } from './strategy-run.ts';

/** What one subscription asks for: the same rule is the same strategy, however it is written. */
export interface Strategy {
  readonly name: string;
  readonly rule: SamplingRule;
}

export interface StrategiesOptions {
  readonly limits: Pick<PortalLimits, 'sampledSensors'>;
  readonly metrics: PortalMetrics;
  /** Gives a sample whose time has come to the members of a group that want its subject. */
  readonly give: StrategiesGive;
  /** Whether a group still has a member that wants a subject. */
  readonly isWanted: (group: StrategyGroup, subject: string) => boolean;
}
export type StrategiesGive = (
  group: StrategyGroup,
  publication: Publication,
  isSilent: boolean,
  dueOf: (subscription: Subscription) => Due | undefined,
) => void;

/** Sensors that are looked at in one turn of the loop, so that 200,000 of them stop nobody. */
const SENSORS_A_TURN = 2_000;

/** The sampling strategies of all sessions: a state for each strategy and sensor, however many sessions ask for it, and one timer. */
export class Strategies {
  readonly #options: StrategiesOptions;
  readonly #groups = new Map<string, StrategyGroup>();
  readonly #wheel = new TimerWheel(steadyUs);
  #sensorCount = 0;

  constructor(options: StrategiesOptions) {
    this.#options = options;
    const { metrics } = options;
    metrics.gauge(
      'strategies',
      'Distinct sampling strategies that sessions ask for',
      () => this.#groups.size,
    );
    metrics.gauge(
      'sampled_sensors',
      'States of sampling strategies, one a strategy and sensor',
      () => this.#sensorCount,
    );
  }

  stop(): void {
    this.#wheel.stop();
  }

  /** The group of a subscription with a strategy, on one sensor. */
  groupOf(subscription: Subscription, strategy: Strategy, key: string): StrategyGroup {
    const rates = ratesOf(subscription, key);
    const name = `${rates} ${strategy.name}`;
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new StrategyGroup(name, strategy.rule, rates, this);
      this.#groups.set(name, group);
    }
    group.members.add(subscription);
    return group;
  }

  /** A live sample has come on a subject of the group. @returns its sensor's state; undefined when there is no room for one: everything is given */
  offer(group: StrategyGroup, publication: Publication): SampledSensor | undefined {
    const sensor = group.sensors.get(publication.key);
    if (sensor === undefined) return this.#make(group, publication, steadyUs(), true);
    sensor.take(steadyUs(), publication);
    this.#wheel.schedule(sensor);
    return sensor;
  }

  /**
   * Begins with a snapshot, or goes on from it: what is current and was not heard live is an update as any other.
   * Long ones take several turns of the loop.
   */
  async begin(subscription: Subscription, snapshot: Snapshot): Promise<void> {
    const { strategy } = subscription;
    if (strategy === undefined) return;
    let left = SENSORS_A_TURN;
    subscription.known.clear();
    for (const publication of snapshot.entries.values()) {
      if (subscription.state === 'closed') return;
      if (publication.kind !== 'sample') continue;
      const group = this.groupOf(subscription, strategy, publication.key);
      this.#beginSensor(group, subscription, publication);
      left -= 1;
      if (left > 0) continue;
      await setImmediate();
      left = SENSORS_A_TURN;
    }
  }

  /** A subscription now has the newest sample of each of its sensors. */
  join(subscription: Subscription): void {
    for (const group of this.#groups.values()) {
      if (!group.members.has(subscription)) continue;
      for (const [key, sensor] of group.sensors) {
        if (sensor.hasUngiven && matchesKey(subscription, key)) sensor.join(subscription);
      }
    }
  }

  /** A subscription has ended: what nobody asks for any more is released, if need be in several turns of the loop. */
  leave(subscription: Subscription): void {
    for (const group of [...this.#groups.values()]) {
      if (!group.members.delete(subscription)) continue;
      if (group.members.size > 0) {
        void this.#sweep(group, subscription);
        continue;
      }
      this.#groups.delete(group.name);
      for (const key of [...group.sensors.keys()]) this.#release(group, key);
    }
  }

  give(...parameters: Parameters<StrategiesGive>): void {
    this.#options.give(...parameters);
  }

  #beginSensor(group: StrategyGroup, subscription: Subscription, publication: Publication): void {
    const sensor = group.sensors.get(publication.key);
    if (sensor === undefined) {
      // Earlier than now, so that sensors which begin together do not repeat together.
      const { longestSilenceUs, archiveIntervalUs } = group.rule;
      const earlierUs = Math.floor(phaseOf(publication.key) * (longestSilenceUs || archiveIntervalUs));
      this.#make(group, publication, steadyUs() - earlierUs, false);
      return;
    }
    if (publication.timeUs <= sensor.newest.timeUs) {
      // A stream that was put back is older than what was live: what the strategy compares with is what the client must have.
      if (publication.timeUs < sensor.newest.timeUs) subscription.known.set(publication.key, sensor.newest);
      return;
    }
    sensor.offer(steadyUs(), publication);
    this.#wheel.schedule(sensor);
    // Who is reading a snapshot gets it there.
    this.give(group, publication, false, (other) =>
      other !== subscription && other.watch === undefined && sensor.isGivenTo(other) ? 'newer' : undefined,
    );
  }

  #make(group: StrategyGroup, first: Publication, nowUs: number, isLive: boolean): SampledSensor | undefined {
    const { limits, metrics } = this.#options;
    if (this.#sensorCount >= limits.sampledSensors) {
      metrics.hot.sampled_overflow_total += 1;
      return undefined;
    }
    const sensor = new SampledSensor(group, first, nowUs, isLive);
    group.sensors.set(first.key, sensor);
    this.#sensorCount += 1;
    this.#wheel.schedule(sensor);
    return sensor;
  }

  #release(group: StrategyGroup, key: string): void {
    const sensor = group.sensors.get(key);
    if (sensor === undefined) return;
    this.#wheel.remove(sensor);
    group.sensors.delete(key);
    this.#sensorCount -= 1;
  }

  async #sweep(group: StrategyGroup, subscription: Subscription): Promise<void> {
    let left = SENSORS_A_TURN;
    for (const [key, sensor] of group.sensors) {
      if (this.#groups.get(group.name) !== group) return;
      sensor.leave(subscription);
      if (matchesKey(subscription, key) && !this.#options.isWanted(group, sensor.newest.subject))
        this.#release(group, key);
      left -= 1;
      if (left > 0) continue;
      await setImmediate();
      left = SENSORS_A_TURN;
    }
  }
}

/** Microseconds of a clock that never steps. */
function steadyUs(): number {
  return Math.floor(performance.now() * 1000);
}

function ratesOf(subscription: Subscription, key: string): SampledRates {
  if (subscription.rates !== 'mixed') return subscription.rates;
  const { archive, normal } = subjectsOf(key);
  const isArchive = subscription.matches(archive);
  if (isArchive && subscription.matches(normal)) return 'both';
  return isArchive ? 'archive' : 'normal';
}

function matchesKey(subscription: Subscription, key: string): boolean {
  const { archive, normal } = subjectsOf(key);
  return subscription.matches(archive) || subscription.matches(normal);
}

function subjectsOf(key: string): { readonly archive: string; readonly normal: string } {
  const dot = key.indexOf('.');
  const address = { component: key.slice(0, dot), sensor: key.slice(dot + 1) };
  return { archive: sensorSubject('archive', address), normal: sensorSubject('normal', address) };
}

/** A number from 0 to below 1 that depends on the sensor only (FNV-1a). */
function phaseOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < key.length; place += 1)
    hash = Math.imul(hash ^ key.charCodeAt(place), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}
