import type { Site } from '@katbus/protocol';
import { arrayFeeds, correlatorFeeds } from './array-feeds.ts';
import { Faults, type FaultNews } from './faults.ts';
import type { Feed } from './feed.ts';
import { MonitorPoint } from './monitor-points.ts';
import { ObservingArray } from './observing-array.ts';
import { Random } from './random.ts';
import { receptorFeeds } from './receptor-feeds.ts';
import { weatherFeeds } from './weather-feeds.ts';

export interface TelescopeSettings {
  /** How many antennas: 1 to 200. */
  readonly receptors: number;
  /** Of all components together; beyond what they have of their own, receptors get monitor points. Undefined: no more. */
  readonly sensors?: number | undefined;
  readonly seed: string;
  /** How often faults happen: 1 about one a minute, 0 never. */
  readonly faults: number;
  readonly site: Site;
  /** Mean wind speed of the place, m/s. */
  readonly meanWind: number;
}

export const TELESCOPE_DEFAULTS = { receptors: 64, seed: 'katbus', faults: 1, meanWind: 4.5 } as const;
export const MOST_RECEPTORS = 200;
export const MOST_SENSORS = 200_000;

/** A component of the telescope, as the model knows it. */
export interface ModelComponent {
  readonly name: string;
  readonly description: string;
  readonly feeds: readonly Feed[];
  /** False while it has no power: then it is not on the bus. */
  isOn(): boolean;
}

/** More sensors were asked for than may be, or fewer than the receptors have. */
export class SensorCountError extends Error {
  readonly code = 'SENSOR_COUNT';

  constructor(sensors: number, own: number, receptors: number) {
    super(
      `sensors: ${sensors} is not ${own} to ${MOST_SENSORS}: an array of ${receptors} receptors has ${own} of its own`,
    );
    this.name = 'SensorCountError';
  }
}

/** The physics is worked out in steps of this length, whatever the pace of real time, so that a seed repeats a run. */
const STEP_SECONDS = 0.1;
/** After a long sleep of the machine time jumps: nobody waits for the hours to be worked out. */
const LONGEST_CATCH_UP_SECONDS = 30;

/** A whole telescope without a bus: components with sensors that can be read, and faults. */
export class TelescopeModel {
  readonly components: readonly ModelComponent[];
  readonly array: ObservingArray;
  readonly faults: Faults;
  /** Unix seconds. */
  now: number;

  /** @throws {SensorCountError} */
  constructor(settings: TelescopeSettings, startSeconds: number, onFault?: (news: FaultNews) => void) {
    const random = new Random(settings.seed);
    this.now = startSeconds;
    this.array = new ObservingArray(random.fork('array'), settings, startSeconds);
    const targets = this.array.receptors.map((receptor) => ({
      receptor,
      feeds: receptorFeeds(receptor, () => this.array.isWindStow),
    }));
    this.faults = new Faults(
      random.fork('faults'),
      targets,
      { factor: settings.faults, ...(onFault === undefined ? {} : { onNews: onFault }) },
      startSeconds,
    );
    const shared = sharedComponents(this.array, this.faults);
    const own = [...shared, ...targets].reduce((count, { feeds }) => count + feeds.length, 0);
    const { sensors = own } = settings;
    if (!(sensors >= own && sensors <= MOST_SENSORS))
      throw new SensorCountError(sensors, own, targets.length);
    this.components = [
      ...shared,
      ...targets.map(({ receptor, feeds }, place) => ({
        name: receptor.name,
        description: `Receptor ${receptor.name} of the simulated array`,
        feeds: [
          ...feeds,
          ...this.monitorPoints(
            random.fork(`points ${receptor.name}`),
            shareOf(sensors - own, place, targets.length),
          ),
        ],
        isOn: () => receptor.power === 'on',
      })),
    ];
  }

  get sensorCount(): number {
    return this.components.reduce((count, { feeds }) => count + feeds.length, 0);
  }

  /** Works out all steps up to a time, Unix seconds. */
  advance(to: number): void {
    if (to - this.now > LONGEST_CATCH_UP_SECONDS) this.now = to - STEP_SECONDS;
    while (this.now + STEP_SECONDS <= to) {
      this.now += STEP_SECONDS;
      this.array.step(STEP_SECONDS, this.now);
      this.faults.step(this.now);
    }
  }

  private monitorPoints(random: Random, count: number): Feed[] {
    return Array.from({ length: count }, (_, number) => new MonitorPoint(number, random, this));
  }
}

function sharedComponents(array: ObservingArray, faults: Faults): ModelComponent[] {
  const always = () => true;
  return [
    {
      name: 'anc',
      description: 'Weather station of the simulated array',
      feeds: weatherFeeds(array.weather),
      isOn: always,
    },
    {
      name: 'array',
      description: 'The simulated array as a whole',
      feeds: arrayFeeds(array, faults),
      isOn: always,
    },
    {
      name: 'cbf',
      description: 'Correlator of the simulated array',
      feeds: correlatorFeeds(array),
      isOn: always,
    },
  ];
}

/** What one of several gets of a number that is shared out evenly. */
function shareOf(whole: number, place: number, parts: number): number {
  return Math.floor((whole * (place + 1)) / parts) - Math.floor((whole * place) / parts);
}
