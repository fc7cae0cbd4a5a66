import type { Site } from '@katbus/protocol';
import type { Random } from './random.ts';
import { horizontal } from './sky.ts';
import { SOURCES, type Source } from './sources.ts';

export const BANDS = ['U', 'L', 'S'] as const;
export type Band = (typeof BANDS)[number];

/** What the array looks at for a while. */
export interface Scan {
  /** Undefined: nothing is up high enough. */
  readonly source: Source | undefined;
  readonly band: Band;
  /** `20261122-0003`: the block of scans that this one belongs to. */
  readonly block: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Below, too much air and ground; above, the azimuth would have to turn too fast. Degrees. */
const LOWEST = 20;
const HIGHEST = 85;
const CALIBRATOR_SECONDS = 90;
const TARGET_SECONDS = 300;
const IDLE_SECONDS = 120;
/** A calibrator and a target each; then another target and perhaps another band. */
const SCANS_A_BLOCK = 6;

/** Decides what the array looks at: blocks of scans that alternate between a calibrator and a target. */
export class Schedule {
  scan: Scan;
  private readonly random: Random;
  private readonly site: Site;
  private calibrator: Source | undefined;
  private target: Source | undefined;
  private band: Band = 'L';
  private scans = 0;
  private blocks = 0;
  private block = '';

  constructor(random: Random, site: Site, startSeconds: number) {
    this.random = random;
    this.site = site;
    this.scan = this.next(startSeconds);
  }

  /** Time has come to `seconds` (Unix): the scan may be over. */
  advance(seconds: number): void {
    if (seconds >= this.scan.endsAt) this.scan = this.next(seconds);
  }

  private next(seconds: number): Scan {
    if (this.scans % SCANS_A_BLOCK === 0) this.openBlock(seconds);
    const isCalibrator = this.scans % 2 === 0;
    this.scans += 1;
    const wanted = isCalibrator ? 'calibrator' : 'target';
    const lastsSeconds = isCalibrator ? CALIBRATOR_SECONDS : TARGET_SECONDS;
    const source = this.stillUp(this[wanted], seconds, lastsSeconds) ?? this.choose(wanted, seconds);
    this[wanted] = source;
    const endsAt = seconds + (source === undefined ? IDLE_SECONDS : lastsSeconds);
    return { source, band: this.band, block: this.block, startsAt: seconds, endsAt };
  }

  private openBlock(seconds: number): void {
    this.blocks += 1;
    const day = new Date(seconds * 1000).toISOString().slice(0, 10).replaceAll('-', '');
    this.block = `${day}-${String(this.blocks).padStart(4, '0')}`;
    this.target = undefined;
    this.calibrator = undefined;
    if (this.blocks > 1 && this.random.next() < 0.3) this.band = this.random.pick(BANDS) ?? 'L';
  }

  private choose(kind: Source['kind'], seconds: number): Source | undefined {
    const up = SOURCES.filter((source) => source.kind === kind && this.isUp(source, seconds, TARGET_SECONDS));
    return this.random.pick(up);
  }

  private stillUp(source: Source | undefined, seconds: number, lastsSeconds: number): Source | undefined {
    return source !== undefined && this.isUp(source, seconds, lastsSeconds) ? source : undefined;
  }

  private isUp(source: Source, seconds: number, lastsSeconds: number): boolean {
    return [seconds, seconds + lastsSeconds / 2, seconds + lastsSeconds].every((at) => {
      const { elevation } = horizontal(source, this.site, at);
      return elevation >= LOWEST && elevation <= HIGHEST;
    });
  }
}
