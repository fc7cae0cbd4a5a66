import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { formatAddress, type SensorAddress } from '@katbus/protocol';
import type { Backend } from '../backend/backend.ts';
import { BackOff } from '../archiver/back-off.ts';
import { StoreError } from '../errors.ts';
import { BatchTarget, COPY_BACK_OFF, MOST_PATIENCE_MS, SetBackError } from './batch-target.ts';
import type { CopyArchive } from './copy-archive.ts';
import type { CopyProgress } from './copy-progress.ts';
import { copyAttributes, copyFloor, copyRest } from './copy-rest.ts';
import { COPY_PARTS, type CopyPlace, type CopyState } from './copy-state.ts';
import { samplesOfDay, type SensorDay } from './day-samples.ts';
import { compareSamples } from './sample-comparison.ts';
import { allSensors, daysOf, sensorsOfDay } from './sensor-days.ts';

export interface CopyParts {
  readonly source: CopyArchive;
  readonly target: CopyArchive;
  readonly state: CopyState;
  readonly progress: CopyProgress;
  /** Whether the target is read again and compared. */
  readonly verifies: boolean;
}

export interface CopyReport {
  /** Whose attributes were looked for. */
  readonly sensors: number;
  /** Written, by this and earlier runs of the same copy. */
  readonly samples: number;
  /** Samples of the source that were looked for in the target, by this and earlier runs; undefined: nobody looked. */
  readonly compared: number | undefined;
  /** Samples, and sensors with attributes, that the target does not have as they are. */
  readonly differences: number;
  /** The first of them, in words. */
  readonly examples: readonly string[];
}

const MOST_EXAMPLES = 20;
const EVERYTHING = [-9e15, 9e15] as const;

/** Copies one archive into another: attributes, samples day by day, the rest; looks whether all is there; and says last where the stream goes on. */
export class CopyRun {
  readonly #parts: CopyParts;
  #target: BatchTarget;
  #days: readonly number[] = [];
  #sensors = 0;
  #samples = 0;
  #compared = 0;
  #differences = 0;
  readonly #examples: string[] = [];
  readonly #backOff = new BackOff(COPY_BACK_OFF);
  /** When it came further last. */
  #reachedMs = performance.now();

  constructor(parts: CopyParts) {
    this.#parts = parts;
    this.#target = this.#newTarget();
  }

  /** @throws {StoreError} @throws {CopyError} to be run again: it goes on where it was */
  async run(): Promise<CopyReport> {
    const { source, state, progress, verifies } = this.#parts;
    await source.prepareReading((line) => progress.say(line));
    this.#days = await daysOf(source.backend);
    let place: CopyPlace | undefined = state.safe;
    if (place.part !== 'attributes') progress.say(`going on after ${place.samples} samples`);
    while (place !== undefined) {
      try {
        await this.#runFrom(place);
        place = undefined;
      } catch (error) {
        place = await this.#placeAfter(error);
        this.#target = this.#newTarget();
      }
    }
    state.remove();
    return {
      sensors: this.#sensors,
      samples: this.#samples,
      compared: verifies ? this.#compared : undefined,
      differences: this.#differences,
      examples: this.#examples,
    };
  }

  /** Where to go on after something went wrong. @throws what it was, when nothing is to be hoped for */
  async #placeAfter(error: unknown): Promise<CopyPlace> {
    const { state, progress } = this.#parts;
    if (error instanceof SetBackError) {
      const place = state.goBack();
      progress.say(`going back to what is safe, ${place.samples} samples: ${error.message}`);
      return place;
    }
    const isPatient = performance.now() - this.#reachedMs < MOST_PATIENCE_MS;
    if (!(error instanceof StoreError) || !error.isRetryable || !isPatient) throw error;
    // The source is out: a target that is has been waited for already.
    progress.say(`trying again: ${error.message}`);
    await delay(this.#backOff.next());
    return state.reached;
  }

  async #runFrom(place: CopyPlace): Promise<void> {
    const { source, target, progress, verifies } = this.#parts;
    const copied = place.part === 'verification' ? place : await this.#copyFrom(place);
    this.#samples = copied.samples;
    this.#compared = copied.compared ?? 0;
    this.#differences = 0;
    this.#examples.length = 0;
    if (verifies) {
      await target.settle(this.#samples, (line) => progress.say(line));
      await this.#verify(copied);
    }
    if (this.#differences === 0)
      await copyFloor(source.backend, this.#target, target, (line) => progress.say(line));
  }

  #newTarget(): BatchTarget {
    const { target, progress } = this.#parts;
    return new BatchTarget(target, {
      onWritten: (place) => this.#reach(place),
      onRetry: (error) => progress.say(`trying again: ${error.message}`),
    });
  }

  async #reach(place: CopyPlace): Promise<void> {
    const { target, state } = this.#parts;
    this.#reachedMs = performance.now();
    this.#backOff.reset();
    if (!state.isDue(place)) return;
    await target.makeSafe();
    state.reach(place);
  }

  async #copyFrom(place: CopyPlace): Promise<CopyPlace> {
    const { source, target, progress } = this.#parts;
    let sensors = 0;
    if (isBefore(place, 'samples')) {
      await copyAttributes(source.backend, this.#target, () => progress.sensor('attributes', ++sensors));
    }
    let samples = place.samples;
    if (isBefore(place, 'rest')) {
      samples = await this.#copySamples(place.part === 'samples' ? place : { part: 'samples', samples: 0 });
      await this.#reach({ part: 'rest', samples });
    }
    await copyRest(source.backend, this.#target, target);
    const done: CopyPlace = { part: 'verification', samples };
    await this.#reach(done);
    return done;
  }

  /** @returns how many until the end */
  async #copySamples(place: CopyPlace): Promise<number> {
    let { samples } = place;
    for (const { day, after, index } of this.#daysFrom(place)) {
      for await (const ofSensor of this.#read(this.#parts.source.backend, day, after)) {
        samples += await this.#copySensorDay(ofSensor);
        const { component, sensor } = ofSensor;
        this.#target.pass({ part: 'samples', day, after: { component, sensor }, samples });
        this.#parts.progress.at('copying', day, { index, days: this.#days.length });
      }
    }
    await this.#target.flush();
    return samples;
  }

  async #copySensorDay({ component, sensor, blocks }: SensorDay): Promise<number> {
    let count = 0;
    for await (const samples of blocks) {
      for (const sample of samples) {
        // As if the stream had taken it when it was made: whatever the stream has later lies over it.
        await this.#target.add({ component, sensor, ...sample, receivedUs: sample.timeUs });
      }
      count += samples.length;
      this.#parts.progress.count(samples.length);
    }
    return count;
  }

  async #verify(place: CopyPlace): Promise<void> {
    const { source, target, progress } = this.#parts;
    await this.#verifySensors();
    for (const { day, after, index } of this.#daysFrom(place)) {
      const ours = this.#read(source.backend, day, after);
      const theirs = this.#read(target.backend, day, after, source.backend);
      for await (const ofSource of ours) {
        const { component, sensor } = ofSource;
        const { value: ofTarget } = await theirs.next();
        if (ofTarget === undefined) throw new Error('the sensors of the source have changed meanwhile');
        const count = await compareSamples(ofSource.blocks, ofTarget.blocks, (timeUs, what) => {
          this.#differ(`${what}: ${formatAddress(ofSource)} at ${timeUs} us`);
        });
        this.#compared += count;
        progress.count(count);
        progress.at('verifying', day, { index, days: this.#days.length });
        // What is not as it is to be is found again by whoever goes on.
        if (this.#differences > 0) continue;
        const { samples } = place;
        const after = { component, sensor };
        await this.#reach({ part: 'verification', day, after, samples, compared: this.#compared });
      }
    }
  }

  async #verifySensors(): Promise<void> {
    const { source, target, progress } = this.#parts;
    let sensors = 0;
    for await (const row of allSensors(source.backend)) {
      progress.sensor('verifying attributes', ++sensors);
      const ours = await source.backend.attributesHistory(row, ...EVERYTHING);
      const theirs = await target.backend.attributesHistory(row, ...EVERYTHING);
      const lacks = ours.some((span) => !theirs.some((other) => isDeepStrictEqual(span, other)));
      if (lacks) this.#differ(`attributes: ${formatAddress(row)}`);
    }
    this.#sensors = sensors;
  }

  #read(
    backend: Backend,
    day: number,
    after: SensorAddress | undefined,
    sensorsOf = this.#parts.source.backend,
  ): AsyncGenerator<SensorDay, void, void> {
    return samplesOfDay(backend, sensorsOfDay(sensorsOf, day, after), day);
  }

  *#daysFrom({ day: first = -Infinity, after }: CopyPlace) {
    for (const [index, day] of this.#days.entries()) {
      if (day >= first) yield { day, index, after: day === first ? after : undefined };
    }
  }

  #differ(what: string): void {
    this.#differences++;
    if (this.#examples.length < MOST_EXAMPLES) this.#examples.push(what);
  }
}

function isBefore(place: CopyPlace, part: CopyPlace['part']): boolean {
  return COPY_PARTS.indexOf(place.part) < COPY_PARTS.indexOf(part);
}
