import type { Faults } from './faults.ts';
import { floatFeed, otherFeed, type Feed } from './feed.ts';
import { BANDS } from './schedule.ts';
import type { ObservingArray } from './observing-array.ts';
import { SPECTRUM_CHANNELS } from './digitiser.ts';

/** The sensors of the array as a whole: what it observes, and with how many receptors. */
export function arrayFeeds(array: ObservingArray, faults: Pick<Faults, 'activeCount' | 'lastText'>): Feed[] {
  const count = (name: string, description: string, value: () => number) =>
    otherFeed({ name, description, type: 'integer', value });
  return [
    otherFeed({
      name: 'schedule.block',
      description: 'Block of scans that is observed: day and number',
      type: 'string',
      value: () => array.scan.block,
    }),
    otherFeed({
      name: 'target.name',
      description: 'Source that the array looks at; empty when nothing is up',
      type: 'string',
      value: () => array.scan.source?.name ?? '',
    }),
    otherFeed({
      name: 'target.kind',
      description: 'Whether the source is observed for itself or to set gains',
      type: 'discrete',
      values: ['calibrator', 'target', 'none'],
      value: () => array.scan.source?.kind ?? 'none',
    }),
    floatFeed({
      name: 'target.azim',
      description: 'Azimuth of the source, from north through east',
      units: 'deg',
      decimals: 3,
      pace: 'steady',
      range: [0, 360],
      value: () => array.direction.azimuth,
    }),
    floatFeed({
      name: 'target.elev',
      description: 'Elevation of the source',
      units: 'deg',
      decimals: 3,
      pace: 'steady',
      range: [0, 90],
      value: () => array.direction.elevation,
    }),
    otherFeed({
      name: 'band',
      description: 'Band that is observed in',
      type: 'discrete',
      values: BANDS,
      value: () => array.scan.band,
    }),
    otherFeed({
      name: 'noise-diode-on',
      description: 'Whether the noise diodes of all receptors are asked to be on',
      type: 'boolean',
      value: () => array.noiseDiode,
    }),
    otherFeed({
      name: 'wind-stow',
      description: 'Whether all receptors are stowed for the wind',
      type: 'boolean',
      value: () => array.isWindStow,
      status: () => (array.isWindStow ? 'warn' : 'nominal'),
    }),
    count('receptors.on-target', 'Receptors that look where they are asked to', () => array.onTargetCount),
    count('receptors.available', 'Receptors that can take part', () => array.availableCount),
    otherFeed({
      name: 'faults.active',
      description: 'Faults that the simulator has under way',
      type: 'integer',
      value: () => faults.activeCount,
      status: () => (faults.activeCount > 0 ? 'warn' : 'nominal'),
    }),
    otherFeed({
      name: 'faults.last',
      description: 'The last fault that the simulator made, in words',
      type: 'string',
      value: () => faults.lastText,
    }),
  ];
}

/** The correlator: combines what all digitisers send. */
export function correlatorFeeds(array: ObservingArray): Feed[] {
  const sum = new Float64Array(SPECTRUM_CHANNELS);
  return [
    otherFeed({
      name: 'inputs.present',
      description: 'Digitisers whose data arrive',
      type: 'integer',
      value: () => array.correlatedReceptors().length,
      status: () => (array.correlatedReceptors().length < 0.8 * array.receptors.length ? 'warn' : 'nominal'),
    }),
    floatFeed({
      name: 'inputs.rate',
      description: 'Data that arrive from all digitisers',
      units: 'Gbit/s',
      decimals: 1,
      pace: 'steady',
      range: [0, 10_000],
      value: () => array.correlatedReceptors().length * DIGITISER_GBITS,
    }),
    floatFeed({
      name: 'baselines',
      description: 'Pairs of receptors that are correlated',
      units: '',
      decimals: 0,
      pace: 'steady',
      value: () => pairs(array.correlatedReceptors().length),
    }),
    otherFeed({
      name: 'mean-spectrum',
      description:
        'Power below full scale in 16 equal parts of the band, mean of the inputs that are present',
      type: 'float[]',
      units: 'dB',
      pace: 'slow',
      value: () => {
        const present = array.correlatedReceptors();
        return sum.map((_, channel) => {
          const total = present.reduce((all, { digitiser }) => all + (digitiser.spectrum[channel] ?? 0), 0);
          return present.length === 0 ? NaN : Math.round((total / present.length) * 100) / 100;
        });
      },
    }),
  ];
}

/** Two polarisations of 1.7 GHz with 10 bits. */
const DIGITISER_GBITS = 34.2;

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}
