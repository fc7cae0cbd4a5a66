import { Digitiser } from './digitiser.ts';
import { Positioner, type Demand } from './positioner.ts';
import type { Random } from './random.ts';
import { Receiver } from './receiver.ts';
import type { Band } from './schedule.ts';
import type { Weather } from './weather.ts';

/** What surrounds a receptor in a step. */
export interface Surroundings {
  /** Unix seconds. */
  readonly now: number;
  readonly weather: Weather;
  readonly demand: Demand;
  readonly band: Band;
  readonly noiseDiode: boolean;
}

/** Somebody works on a receptor this often, and for so long. */
const MAINTENANCE_EACH_SECONDS = 40 * 3600;
const MAINTENANCE_SECONDS = 5_400;
/** What changes slowly is looked at once a second. */
const SLOW_STEP_SECONDS = 1;

/** One antenna of the array with what is on it. */
export class Receptor {
  /** `m007` */
  readonly name: string;
  readonly number: number;
  readonly serialNumbers: { readonly receiver: string; readonly digitiser: string };
  readonly positioner: Positioner;
  readonly receiver: Receiver;
  readonly digitiser: Digitiser;
  /** Without power nothing of it answers; its compressor has a supply of its own. */
  power: 'on' | 'off' = 'on';
  /** Unix seconds. */
  bootedAt: number;
  band: Band = 'L';
  noiseDiode = false;
  private readonly random: Random;
  private maintenanceFrom: number;
  private maintenanceTo: number;
  private sinceSlowStep: number;

  constructor(number: number, random: Random, startSeconds: number, outside: number) {
    this.name = `m${String(number).padStart(3, '0')}`;
    this.number = number;
    this.random = random;
    this.serialNumbers = { receiver: serialNumber('RX', random), digitiser: serialNumber('DG', random) };
    this.positioner = new Positioner(random.fork('positioner'));
    this.receiver = new Receiver(random.fork('receiver'));
    this.digitiser = new Digitiser(random.fork('digitiser'), outside);
    this.bootedAt = Math.floor(startSeconds - random.between(1, 20) * 86_400);
    // At the start it may already be under way.
    this.maintenanceFrom = startSeconds - MAINTENANCE_SECONDS + random.exponential(MAINTENANCE_EACH_SECONDS);
    this.maintenanceTo = this.maintenanceFrom + MAINTENANCE_SECONDS;
    // The receptors' slow steps are spread over the second.
    this.sinceSlowStep = random.next() * SLOW_STEP_SECONDS;
  }

  step(seconds: number, surroundings: Surroundings): void {
    const { now, weather, band, noiseDiode } = surroundings;
    if (now >= this.maintenanceTo) this.planMaintenance(now);
    this.positioner.step(seconds, this.demand(surroundings), weather.wind);
    this.band = band;
    this.noiseDiode = noiseDiode && this.isAvailable(now);
    this.sinceSlowStep += seconds;
    if (this.sinceSlowStep < SLOW_STEP_SECONDS) return;
    this.sinceSlowStep -= SLOW_STEP_SECONDS;
    this.receiver.step(SLOW_STEP_SECONDS, weather.temperature);
    this.digitiser.step(SLOW_STEP_SECONDS, {
      systemTemperature: this.systemTemperature(),
      noiseDiode: this.noiseDiode,
      outside: weather.temperature,
    });
  }

  /** Whether it can take part in an observation. */
  isAvailable(now: number): boolean {
    return this.power === 'on' && this.positioner.drives === 'working' && now < this.maintenanceFrom;
  }

  /** Power is back: everything on it starts anew. */
  boot(now: number): void {
    this.power = 'on';
    this.bootedAt = Math.floor(now);
    this.digitiser.overflows = 0;
  }

  private demand({ now, demand }: Surroundings): Demand {
    if (this.power === 'off') return { kind: 'stop' };
    // Nobody stands in a dish in a storm.
    if (demand.kind !== 'stow' && now >= this.maintenanceFrom) return { kind: 'maintenance' };
    return demand;
  }

  /** Of the receiver and the air and ground that it sees, which are more towards the horizon. */
  private systemTemperature(): number {
    const height = Math.sin((Math.max(10, this.positioner.elevation.position) * Math.PI) / 180);
    return this.receiver.systemTemperature + 2 / height;
  }

  private planMaintenance(now: number): void {
    this.maintenanceFrom = now + this.random.exponential(MAINTENANCE_EACH_SECONDS);
    this.maintenanceTo = this.maintenanceFrom + MAINTENANCE_SECONDS;
  }
}

function serialNumber(prefix: string, random: Random): string {
  return `${prefix}-${String(1000 + random.below(9000))}`;
}
