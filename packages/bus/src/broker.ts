import { randomUUID } from 'node:crypto';
import { announceSubject, listSubject, sensorToken, SUBJECTS, type Rate } from '@katbus/protocol';
import { AttributesAnnouncer, checkAnnounceable } from './attributes-announcer.ts';
import { checkBrokerOptions, type BrokerOptions, type BrokerSettings } from './broker-options.ts';
import { UsageError } from './errors.ts';
import { startHeartbeat } from './heartbeat.ts';
import { Listeners } from './listeners.ts';
import { ListingResponder } from './listing-responder.ts';
import {
  AcknowledgedWindow,
  BusConnection,
  BusService,
  type ConnectionStatus,
  type WindowCounters,
  type WindowEvent,
} from './nats/index.ts';
import { SampleClock } from './sample-clock.ts';
import { checkDefinition, type SensorDefinition } from './sensor-definition.ts';
import { Sensor, type SensorOutlet, type UpdateOptions } from './sensor.ts';
import type { ComponentValue } from './sensor-value.ts';
import { newThrottleCounters, type ThrottleCounters } from './throttle-counters.ts';
import { TimerWheel } from './timer-wheel.ts';

/** Something that an operator of the component may want to know; the broker goes on by itself. */
export type BrokerEvent = { readonly type: 'connection'; readonly status: ConnectionStatus } | WindowEvent;

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
  readonly counters: ThrottleCounters = newThrottleCounters();
  private readonly bySensorToken = new Map<string, Sensor>();
  private readonly listeners = new Listeners<BrokerEvent>("a broker's events");
  private readonly settings: BrokerSettings;
  private readonly connection: BusConnection;
  private readonly window: AcknowledgedWindow;
  private readonly wheel = new TimerWheel(steadyUs);
  private readonly clock = new SampleClock();
  private readonly announcer: AttributesAnnouncer;
  private readonly listing: ListingResponder;
  private readonly outlet: SensorOutlet;
  private readonly undo: (() => void)[] = [];
  private service: BusService | undefined;
  /** Set from the first {@link close} on. */
  private closing: Promise<void> | undefined;

  private constructor(settings: BrokerSettings, connection: BusConnection) {
    this.component = settings.component;
    this.settings = settings;
    this.connection = connection;
    this.window = new AcknowledgedWindow(connection);
    this.undo.push(
      this.window.onEvent((event) => this.listeners.tell(event)),
      connection.onStatus((status) => this.listeners.tell({ type: 'connection', status })),
    );
    const { component } = this;
    const sensors = () => this.bySensorToken.values();
    const publish = (subject: string, payload: string) => this.publishPlain(subject, payload);
    this.listing = new ListingResponder({ component, sensors, publish });
    this.announcer = new AttributesAnnouncer({
      component,
      sensors,
      publishAttributes: (subject, payload) => this.window.publish(subject, payload, 'archive', true),
      room: () => this.window.room(),
    });
    this.outlet = {
      checkOpen: () => this.checkOpen(),
      clock: this.clock,
      wheel: this.wheel,
      counters: this.counters,
      steadyUs,
      maxPayload: () => connection.maxPayload,
      publish: (subject: string, payload: string, rate: Rate, statusChanged: boolean) =>
        this.window.publish(subject, payload, rate, statusChanged),
    };
  }

  /**
   * Joins the bus.
   * @throws {MalformedNameError} naming `component`
   * @throws {UsageError} naming the option
   * @throws {ConnectError} when no server answers, unless `waitOnFirstConnect`
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
    const sampling = { ...this.settings.sampling, ...definition.sampling };
    const checked = checkDefinition(this.component, { ...definition, sampling });
    checkAnnounceable(checked.attributes);
    const token = checked.address.sensor;
    const twin = this.bySensorToken.get(token);
    if (twin !== undefined) {
      const other = twin.attributes.katcp_name ?? token;
      throw new UsageError(
        'name',
        checked.attributes.katcp_name ?? token,
        `makes the same subject as the sensor ${other}`,
      );
    }
    const sensor = new Sensor(checked, this.outlet);
    this.bySensorToken.set(token, sensor);
    this.announcer.announce(sensor.attributes);
    return sensor;
  }

  /**
   * A sensor by the name that it was made with, or by its token.
   * @throws {UsageError} naming `name` when there is none
   */
  sensor(name: string): Sensor {
    const sensor = this.bySensorToken.get(sensorToken(name));
    if (sensor === undefined)
      throw new UsageError('name', `${this.component}.${name}`, 'is no sensor of this component');
    return sensor;
  }

  get sensors(): Iterable<Sensor> {
    return this.bySensorToken.values();
  }

  /** A value has been read: {@link Sensor.update} of the sensor with this name. @throws {UsageError} naming the field */
  update(name: string, value: ComponentValue, options?: UpdateOptions): void {
    this.sensor(name).update(value, options);
  }

  /** What became of the samples that the throttle let out. */
  get publishing(): WindowCounters {
    return this.window.counters;
  }

  /** How often the clock was set back by more than a second under a sensor. */
  get clockSetBackCount(): number {
    return this.clock.setBackCount;
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
    this.wheel.stop();
    for (const undo of this.undo.splice(0)) undo();
    await this.service?.stop();
    await this.window.flush(this.settings.closeTimeoutMs);
    this.window.close();
    await this.connection.drain();
  }

  private async join(): Promise<void> {
    const { component, connection } = this;
    const announce = () => this.announcer.announceAll();
    this.service = await BusService.start(connection, {
      name: component,
      version: this.settings.version,
      description: this.settings.description,
      metadata: { katbus: 'component', instance: this.instance },
      endpoints: [
        {
          name: 'sensors',
          subject: listSubject(component),
          handler: async (message) => {
            await this.listing.respond(message);
            return undefined;
          },
        },
        {
          name: 'attributes',
          subject: announceSubject(component),
          handler: async () => ({ component, announced: await announce() }),
        },
      ],
    });
    // A service's endpoint has a queue group, so of several components only one would answer for all.
    this.undo.push(
      connection.subscribe(SUBJECTS.listEverySensor, (message) => void this.listing.respond(message)),
      connection.subscribe(SUBJECTS.announceEveryAttributes, (message) => {
        announce().then(
          (announced) => message.respond(JSON.stringify({ component, announced })),
          () => undefined, // the connection is closed: nobody is left to be answered
        );
      }),
      startHeartbeat(
        {
          component,
          instance: this.instance,
          sensorCount: () => this.bySensorToken.size,
          publish: (subject, payload) => this.publishPlain(subject, payload),
        },
        this.settings.heartbeatSeconds,
      ),
    );
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

/** Microseconds of a clock that never steps: the throttle must not stall or burst when the wall clock is set. */
function steadyUs(): number {
  return Math.floor(performance.now() * 1000);
}
