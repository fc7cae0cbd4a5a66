import { randomUUID } from 'node:crypto';
import { resendMark, type ClaimParty } from '@katbus/protocol';
import { AttributesAnnouncer } from './attributes-announcer.ts';
import { checkBrokerOptions, type BrokerOptions, type BrokerSettings } from './broker-options.ts';
import { readClockPast } from './clock-past.ts';
import { startComponentService } from './component-service.ts';
import { ComponentSensors } from './component-sensors.ts';
import { EpochAnnouncements } from './epoch-announcements.ts';
import { UsageError } from './errors.ts';
import { ExplainResponder } from './explain/explain-responder.ts';
import { Listeners } from './listeners.ts';
import { ListingResponder } from './listing-responder.ts';
import { Membership } from './membership.ts';
import {
  AcknowledgedWindow,
  BusConnection,
  type ConnectionStatus,
  type WindowCounters,
  type WindowEvent,
} from './nats/index.ts';
import type { PolicyEvent, PolicyStanding } from './policy/component-policies.ts';
import type { SensorDefinition } from './sensor-definition.ts';
import type { Sensor, UpdateOptions } from './sensor.ts';
import type { ComponentValue } from './sensor-value.ts';
import type { ThrottleCounters } from './throttle/throttle-counters.ts';

/** Something that an operator of the component may want to know; but for `taken-over` the broker goes on by itself. */
export type BrokerEvent =
  | { readonly type: 'connection'; readonly status: ConnectionStatus }
  | WindowEvent
  | PolicyEvent
  /** Another process has taken the name over: this broker publishes nothing more and closes. */
  | { readonly type: 'taken-over'; readonly by: ClaimParty }
  /** Another process has the name too, because the network was parted when it was claimed; it is the one to keep it. */
  | { readonly type: 'duplicate'; readonly other: ClaimParty }
  /** The wall clock was set back, and samples follow it: a new clock epoch. */
  | { readonly type: 'clock-set-back'; readonly bySeconds: number; readonly clockEpoch: number };

/** How long a broker whose name is taken over may take to have its last samples acknowledged: somebody waits for the name. */
const YIELD_WITHIN_MS = 1_000;

/**
 * A component on the bus: its sensors, their throttle, and everything that a component owes the others (attributes, listing,
 * heartbeat). One process may hold several brokers.
 *
 * Wrong use throws a {@link UsageError} where it happens. Trouble with the network never throws: samples are kept in a
 * bounded buffer and published again, and events tell.
 */
export class Broker {
  readonly component: string;
  /** Differs between two processes that take one component name. */
  readonly instance = randomUUID();
  private readonly componentSensors: ComponentSensors;
  private readonly listeners = new Listeners<BrokerEvent>("a broker's events");
  private readonly settings: BrokerSettings;
  private readonly connection: BusConnection;
  private readonly membership: Membership;
  private readonly window: AcknowledgedWindow;
  private readonly epochs: EpochAnnouncements<Sensor>;
  private readonly announcer: AttributesAnnouncer;
  private readonly listing: ListingResponder;
  private readonly undo: (() => void)[] = [];
  private stopService: (() => Promise<void>) | undefined;
  /** Set from the first {@link close} on. */
  private closing: Promise<void> | undefined;

  private constructor(settings: BrokerSettings, connection: BusConnection) {
    const { component } = settings;
    this.component = component;
    this.settings = settings;
    this.connection = connection;
    this.membership = new Membership(connection, {
      ...settings,
      instance: this.instance,
      sensorCount: () => this.componentSensors.size,
      clockEpoch: () => this.componentSensors.sampleClock.epoch,
      onYield: (by) => this.yieldTo(by),
      onTwin: (other) => this.listeners.tell({ type: 'duplicate', other }),
    });
    this.window = new AcknowledgedWindow(connection);
    this.undo.push(
      this.window.onEvent((event) => this.listeners.tell(event)),
      connection.onStatus((status) => this.listeners.tell({ type: 'connection', status })),
    );
    this.componentSensors = new ComponentSensors({
      component,
      sampling: settings.sampling,
      wallClockUs: settings.wallClockUs,
      checkOpen: () => this.checkOpen(),
      maxPayload: () => connection.maxPayload,
      publish: (subject, payload, rate, statusChanged) => {
        this.epochs.beforeSample(subject);
        this.window.publish(subject, payload, rate, statusChanged);
      },
      announce: (attributes) => this.announcer.announce(attributes),
      tell: (event) => this.listeners.tell(event),
    });
    const sensors = () => this.componentSensors;
    const clockEpoch = () => this.componentSensors.sampleClock.epoch;
    this.componentSensors.sampleClock.onSetBack = (byUs) => this.clockSetBack(byUs);
    this.epochs = new EpochAnnouncements({
      sensors: this.componentSensors.byToken,
      announce: (sensor) => this.announcer.announce(sensor.attributes),
      room: () => this.window.room(),
    });
    this.listing = new ListingResponder({
      component,
      sensors,
      publish: (subject, payload) => this.publishPlain(subject, payload),
    });
    this.announcer = new AttributesAnnouncer({
      component,
      sensors,
      clockEpoch,
      publishAttributes: (subject, payload) => this.window.publish(subject, payload, 'archive', true),
      room: () => this.window.room(),
    });
  }

  /**
   * Joins the bus.
   * @throws {MalformedNameError} naming `component`
   * @throws {UsageError} naming the option
   * @throws {ConnectError} when no server answers, unless `waitOnFirstConnect`
   * @throws {NameTakenError} when another process is this component, unless `takeover`
   */
  static async connect(options: BrokerOptions): Promise<Broker> {
    const settings = checkBrokerOptions(options);
    const connection = await BusConnection.connect({ ...settings, name: settings.component });
    const broker = new Broker(settings, connection);
    try {
      await broker.join();
    } catch (error) {
      await broker.close();
      throw error;
    }
    return broker;
  }

  /**
   * Makes a sensor and announces its attributes.
   * @throws {UsageError} naming the field
   * @throws {MalformedNameError} naming `name`
   * @throws {SamplingSettingsError} naming the field of `sampling`
   */
  addSensor(definition: SensorDefinition): Sensor {
    this.checkOpen();
    return this.componentSensors.add(definition);
  }

  /**
   * A sensor by the name that it was made with, or by its token.
   * @throws {UsageError} naming `name` when there is none
   */
  sensor(name: string): Sensor {
    const sensor = this.componentSensors.find(name);
    if (sensor === undefined)
      throw new UsageError('name', `${this.component}.${name}`, 'is no sensor of this component');
    return sensor;
  }

  get sensors(): Iterable<Sensor> {
    return this.componentSensors;
  }

  /** A value has been read: {@link Sensor.update} of the sensor with this name. @throws {UsageError} naming the field */
  update(name: string, value: ComponentValue, options?: UpdateOptions): void {
    this.sensor(name).update(value, options);
  }

  /** What became of the updates of all sensors. */
  get counters(): ThrottleCounters {
    return this.componentSensors.counters;
  }

  /** What became of the samples that the throttle let out. */
  get publishing(): WindowCounters {
    return this.window.counters;
  }

  /** Which policies its sensors follow. */
  get policies(): PolicyStanding {
    return this.componentSensors.policies.standing;
  }

  /** How often the clock was set back by more than a second under a sensor. */
  get clockSetBackCount(): number {
    return this.componentSensors.sampleClock.setBackCount;
  }

  /** @returns the undo */
  onEvent(listener: (event: BrokerEvent) => void): () => void {
    return this.listeners.add(listener);
  }

  /** Resolves when all that was sent is acknowledged. @returns whether that was so within the time */
  flush(timeoutMs: number): Promise<boolean> {
    return this.window.flush(timeoutMs);
  }

  /** Leaves the bus: what is unacknowledged gets its time, then everything is released. Called again, it resolves with the first. */
  close(): Promise<void> {
    this.closing ??= this.leave();
    return this.closing;
  }

  private async leave(): Promise<void> {
    await this.fallSilent(this.settings.closeTimeoutMs);
    this.membership.release();
    this.window.close();
    this.membership.sayGoodbye();
    await this.connection.drain();
  }

  /** Publishes nothing new; what is unacknowledged gets its time. */
  private async fallSilent(timeoutMs: number): Promise<void> {
    this.componentSensors.stop();
    for (const undo of this.undo.splice(0)) undo();
    await this.stopService?.();
    await this.window.flush(timeoutMs);
  }

  /** Another process takes the name. Resolves when nothing of ours comes any more. */
  private async yieldTo(by: ClaimParty): Promise<void> {
    const silent = this.fallSilent(YIELD_WITHIN_MS);
    this.closing ??= silent.then(() => this.leave());
    this.listeners.tell({ type: 'taken-over', by });
    await silent;
  }

  private clockSetBack(byUs: number): void {
    const { epoch } = this.componentSensors.sampleClock;
    if (epoch === undefined) return;
    this.window.resendMark = resendMark(epoch);
    // The samples of the epoch come after it on the same connection: who hears both knows in which epoch they are.
    this.membership.beat();
    this.epochs.begin();
    this.listeners.tell({ type: 'clock-set-back', bySeconds: byUs / 1e6, clockEpoch: epoch });
  }

  private async join(): Promise<void> {
    const { component, instance, connection, settings, componentSensors } = this;
    await this.membership.claimName();
    const { sampleClock } = componentSensors;
    sampleClock.resume(await readClockPast(connection, component));
    this.window.resendMark = resendMark(sampleClock.epoch);
    const explainer = new ExplainResponder(component, componentSensors);
    this.stopService = await startComponentService(connection, {
      ...settings,
      instance,
      list: (message) => this.listing.respond(message),
      announce: () => this.announcer.announceAll(),
      explain: ({ data }) => explainer.explain(data),
    });
    await componentSensors.policies.start(connection);
    this.membership.begin();
    await connection.flush();
  }

  private publishPlain(subject: string, payload: string): void {
    // While the connection is down the client library would keep these, and they would come late and in a heap.
    if (this.connection.connected) this.connection.publish(subject, payload);
  }

  private checkOpen(): void {
    if (this.closing !== undefined) throw new UsageError('broker', this.component, 'is closed');
  }
}
