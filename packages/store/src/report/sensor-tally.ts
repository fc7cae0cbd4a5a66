import { VALUE_KIND } from '../backend/value-column.ts';

/**
 * What is counted of one sensor, as a row of doubles: with hundreds of thousands of sensors nearly every sample is of one whose figures are not
 * in the processor's cache, so all of them lie side by side.
 */
export const TALLY_FIELDS = [
  /** Samples counted. */
  'samples',
  /** When the stream took the first one counted. */
  'sinceUs',
  /** The greatest `time` in the present clock epoch; -Infinity: never seen. */
  'lastUs',
  /** The newest message counted: when the stream took it, and its sequence. One that is in neither newer has been counted. */
  'receivedUs',
  'sequence',
  /** Running mean of the time between samples; 0: there was one at most. */
  'meanUs',
  /** The longest time between samples that is usual. */
  'usualUs',
  /** Samples whose `time` was before that of one which came earlier. */
  'outOfOrder',
  'gaps',
  'longestGapUs',
  /** When the last gap ended. */
  'gapEndUs',
  /** Since when, and for how many samples, the value has been what it is. */
  'sameSinceUs',
  'sameSamples',
  /** The value, or a hash of its text. */
  'value',
  /** Kind of the value; {@link CHANGED} is added once it has been another one. */
  'kind',
  'epoch',
] as const;
export type TallyField = (typeof TALLY_FIELDS)[number];

/** Doubles of a row. */
export const TALLY_DOUBLES = TALLY_FIELDS.length;

/** Where the field is in its row. */
export const AT = Object.fromEntries(TALLY_FIELDS.map((field, place) => [field, place])) as Readonly<
  Record<TallyField, number>
>;

/** Beyond all kinds of values. */
const CHANGED = 16;

/** The running mean is that of about so many samples. */
const MEAN_SAMPLES = 64;
/** What is usual is known after so many samples. */
const USUAL_SAMPLES = 8;
/** A time between samples beyond so many times the longest usual one is a gap, and so is no shorter one than {@link SHORTEST_GAP_US}. */
export const GAP_FACTOR = 3;
export const SHORTEST_GAP_US = 30e6;
/** With each sample the longest usual time becomes so much shorter: a pause that was usual once is forgotten. */
const USUAL_DECAY = 1 - 1 / 1024;
/** A value is the same for so many samples before it may be stuck: one that was sent only once may not have been read again. */
const STUCK_SAMPLES = 3;

export interface TalliedSample {
  timeUs: number;
  receivedUs: number;
  sequence: number;
  kind: number;
  /** The number, or a hash of the text. */
  value: number;
  epoch: number;
}

/** A row of a sensor that was never seen. */
export function clearTally(rows: Float64Array, at: number): void {
  rows.fill(0, at, at + TALLY_DOUBLES);
  rows[at + AT.lastUs] = -Infinity;
  rows[at + AT.receivedUs] = -Infinity;
  rows[at + AT.sequence] = -Infinity;
}

/**
 * Counts a sample in, unless it was before.
 * @param at where the sensor's row begins
 * @param isResumed whether samples before it may have been left out, so that the time between tells nothing
 * @returns whether it was counted now
 */
export function countSample(
  rows: Float64Array,
  at: number,
  sample: TalliedSample,
  isResumed: boolean,
): boolean {
  const { timeUs, receivedUs, sequence, epoch } = sample;
  const isCounted = receivedUs <= rows[at + AT.receivedUs]! && sequence <= rows[at + AT.sequence]!;
  if (isCounted) return false;
  rows[at + AT.receivedUs] = Math.max(receivedUs, rows[at + AT.receivedUs]!);
  rows[at + AT.sequence] = sequence;
  const samples = (rows[at + AT.samples]! += 1);
  if (samples === 1) {
    rows[at + AT.sinceUs] = receivedUs;
    begin(rows, at, sample);
  } else if (epoch > rows[at + AT.epoch]!) begin(rows, at, sample);
  else if (timeUs < rows[at + AT.lastUs]! || epoch < rows[at + AT.epoch]!) rows[at + AT.outOfOrder]! += 1;
  else {
    if (!isResumed) countInterval(rows, at, timeUs, samples);
    rows[at + AT.lastUs] = timeUs;
    compareValue(rows, at, sample);
  }
  return true;
}

/** The first sample, or the first one of a clock that was set back: times before it say nothing. */
function begin(rows: Float64Array, at: number, sample: TalliedSample): void {
  rows[at + AT.lastUs] = sample.timeUs;
  rows[at + AT.epoch] = sample.epoch;
  rows[at + AT.sameSinceUs] = sample.timeUs;
  compareValue(rows, at, sample);
}

function countInterval(rows: Float64Array, at: number, timeUs: number, samples: number): void {
  const intervalUs = timeUs - rows[at + AT.lastUs]!;
  // The sample takes the place of the one with its time.
  if (intervalUs === 0) return;
  const usualUs = rows[at + AT.usualUs]!;
  const mostUs = Math.max(GAP_FACTOR * usualUs, SHORTEST_GAP_US);
  const isGap = samples > USUAL_SAMPLES && intervalUs > mostUs;
  if (isGap) {
    rows[at + AT.gaps]! += 1;
    rows[at + AT.longestGapUs] = Math.max(intervalUs, rows[at + AT.longestGapUs]!);
    rows[at + AT.gapEndUs] = timeUs;
  }
  // A gap counts as much as was still usual: so pauses that come again and again become usual, a few of them later.
  const countedUs = isGap ? mostUs : intervalUs;
  rows[at + AT.usualUs] = Math.max(countedUs, USUAL_DECAY * usualUs);
  const meanUs = rows[at + AT.meanUs]!;
  rows[at + AT.meanUs] = meanUs + (countedUs - meanUs) / Math.min(samples - 1, MEAN_SAMPLES);
}

function compareValue(rows: Float64Array, at: number, { timeUs, kind, value }: TalliedSample): void {
  const known = rows[at + AT.kind]!;
  const hasValue = rows[at + AT.sameSamples]! > 0;
  if (hasValue && known % CHANGED === kind && Object.is(rows[at + AT.value], value)) {
    rows[at + AT.sameSamples]! += 1;
    return;
  }
  rows[at + AT.sameSinceUs] = timeUs;
  rows[at + AT.sameSamples] = 1;
  rows[at + AT.value] = value;
  rows[at + AT.kind] = kind + (hasValue || known >= CHANGED ? CHANGED : 0);
}

/** Whether a number that had changed before has been the same for so long, although samples came. */
export function isStuck(rows: Float64Array, at: number, stuckUs: number): boolean {
  const kind = rows[at + AT.kind]!;
  if (kind !== CHANGED + VALUE_KIND.number && kind !== CHANGED + VALUE_KIND.nan) return false;
  if (rows[at + AT.sameSamples]! < STUCK_SAMPLES) return false;
  return rows[at + AT.lastUs]! - rows[at + AT.sameSinceUs]! >= stuckUs;
}

/** Samples a second, by the running mean; of a sensor that has been silent for longer than that, by how long it has been. */
export function ratePerSecond(rows: Float64Array, at: number, nowUs: number): number {
  const meanUs = rows[at + AT.meanUs]!;
  return meanUs === 0 ? 0 : 1e6 / Math.max(meanUs, nowUs - rows[at + AT.lastUs]!);
}

/** Of the samples counted. */
export function outOfOrderShare(rows: Float64Array, at: number): number {
  const samples = rows[at + AT.samples]!;
  return samples === 0 ? 0 : rows[at + AT.outOfOrder]! / samples;
}

/** A hash of a text, of its beginning and its length where it is long. */
export function textHash(text: string): number {
  let hash = text.length;
  const length = Math.min(text.length, 256);
  for (let place = 0; place < length; place++) hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
  return hash;
}
