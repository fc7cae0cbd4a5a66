import type { Broker, BrokerEvent, Sensor } from '@katbus/bus';
import { addCounters, countersOf, type ComponentCounters } from '../component-metrics.ts';
import { untilNameLost } from '../name-loss.ts';
import { readFeed, type Feed } from './feed.ts';
import type { ModelComponent } from './telescope-model.ts';

/** Joins the bus as a component of the model. */
export type Connect = (component: ModelComponent) => Promise<Broker>;

export interface LiveComponentOptions {
  readonly model: ModelComponent;
  readonly connect: Connect;
  readonly onEvent: (event: BrokerEvent) => void;
  /** Another process has taken its name: it has fallen silent. */
  readonly onNameLost: (error: unknown) => void;
}

type State =
  | { readonly name: 'absent' }
  | { readonly name: 'joining' }
  | { readonly name: 'live'; readonly broker: Broker; readonly sensors: readonly Sensor[] };

/** Sensors that are made before the streams have taken what they announce: 200,000 at once would fill the publishing buffer. */
const SENSORS_AT_ONCE = 500;
const TAKEN_WITHIN_MS = 30_000;

/** One component of the telescope on the bus, for as long as it has power. */
export class LiveComponent {
  readonly model: ModelComponent;
  private readonly options: LiveComponentOptions;
  private state: State = { name: 'absent' };
  /** Joining and leaving take turns. */
  private turn: Promise<void> = Promise.resolve();
  private isWanted = false;
  /** Of the lives before this one. */
  private past: ComponentCounters | undefined;

  constructor(options: LiveComponentOptions) {
    this.model = options.model;
    this.options = options;
  }

  get isLive(): boolean {
    return this.state.name === 'live';
  }

  /** Asks it to be on the bus, or not to be. @returns a promise that settles when that is so, or rejects with why it cannot be */
  want(isWanted: boolean): Promise<void> {
    if (isWanted !== this.isWanted) {
      this.isWanted = isWanted;
      const before = this.turn.catch(() => undefined); // whoever asked for that has been told
      this.turn = before.then(() => (this.isWanted ? this.join() : this.leave()));
    }
    return this.turn;
  }

  /** Reads one of the component's sensors and publishes what it says; nothing when it is not on the bus. */
  update(place: number): void {
    if (this.state.name !== 'live') return;
    const sensor = this.state.sensors[place];
    const feed = this.model.feeds[place];
    if (sensor !== undefined && feed !== undefined) publish(sensor, feed);
  }

  get counters(): ComponentCounters | undefined {
    const now = this.state.name === 'live' ? [countersOf(this.state.broker)] : [];
    const past = this.past === undefined ? [] : [{ ...this.past, sensors: 0 }];
    return addCounters([...now, ...past]);
  }

  private async join(): Promise<void> {
    if (this.state.name !== 'absent') return;
    this.state = { name: 'joining' };
    const broker = await this.options.connect(this.model).catch((error: unknown) => {
      this.state = { name: 'absent' };
      throw error;
    });
    broker.onEvent(this.options.onEvent);
    untilNameLost(broker, () => (this.state = { name: 'absent' })).catch(this.options.onNameLost);
    const sensors: Sensor[] = [];
    for (const feed of this.model.feeds) {
      const sensor = broker.addSensor(feed.definition);
      sensors.push(sensor);
      publish(sensor, feed);
      if (sensors.length % SENSORS_AT_ONCE === 0 && this.isWanted) await broker.flush(TAKEN_WITHIN_MS);
    }
    this.state = { name: 'live', broker, sensors };
  }

  private async leave(): Promise<void> {
    if (this.state.name !== 'live') return;
    const { broker } = this.state;
    this.state = { name: 'absent' };
    await broker.close();
    this.past = addCounters([countersOf(broker), ...(this.past === undefined ? [] : [this.past])]);
  }
}

function publish(sensor: Sensor, feed: Feed): void {
  const { value, status } = readFeed(feed);
  sensor.update(value, { status });
}
