import { floatFeed, otherFeed, type Feed } from './feed.ts';
import { AZIMUTH, ELEVATION, POSITIONER_MODES } from './positioner.ts';
import { CRYO_STATES } from './receiver.ts';
import type { Receptor } from './receptor.ts';
import { BANDS } from './schedule.ts';

/** Every sensor that a receptor has of its own. @param isWindStow whether the array is stowed for the wind */
export function receptorFeeds(receptor: Receptor, isWindStow: () => boolean): Feed[] {
  return [
    ...positionerFeeds(receptor, isWindStow),
    ...receiverFeeds(receptor),
    ...digitiserFeeds(receptor),
    ...deviceFeeds(receptor),
  ];
}

const DEVICE_STATES = ['ok', 'degraded', 'fail'] as const;

function positionerFeeds({ positioner }: Receptor, isWindStow: () => boolean): Feed[] {
  const hasFailed = () => positioner.drives === 'failed';
  const angle = (name: string, description: string, range: readonly [number, number], value: () => number) =>
    floatFeed({
      name,
      description,
      units: 'deg',
      decimals: 4,
      pace: 'quick',
      range,
      deadBand: 0.0005,
      value,
      status: () => (hasFailed() ? 'failure' : 'nominal'),
    });
  const current = (name: string, axis: string, value: () => number) =>
    floatFeed({
      name,
      description: `Current that the ${axis} drive takes`,
      units: 'A',
      decimals: 1,
      pace: 'steady',
      range: [0, 30],
      bounds: { warnAbove: 24, errorAbove: 30 },
      deadBand: 0.4,
      value,
    });
  const azimuthRange = [AZIMUTH.lowest, AZIMUTH.highest] as const;
  const elevationRange = [ELEVATION.lowest, ELEVATION.highest] as const;
  return [
    otherFeed({
      name: 'ap.mode',
      description: 'What the antenna positioner does',
      type: 'discrete',
      values: POSITIONER_MODES,
      value: () => positioner.mode,
      status: () => (hasFailed() ? 'failure' : isWindStow() ? 'warn' : 'nominal'),
    }),
    angle(
      'ap.requested-azim',
      'Azimuth that is asked for, in the turns of the cable wrap',
      azimuthRange,
      () => positioner.requested.azimuth,
    ),
    angle(
      'ap.requested-elev',
      'Elevation that is asked for',
      elevationRange,
      () => positioner.requested.elevation,
    ),
    angle(
      'ap.actual-azim',
      'Azimuth by the encoder, in the turns of the cable wrap',
      azimuthRange,
      () => positioner.actual.azimuth,
    ),
    angle('ap.actual-elev', 'Elevation by the encoder', elevationRange, () => positioner.actual.elevation),
    floatFeed({
      name: 'ap.pointing-error',
      description: 'Angle on the sky between the requested and the actual direction',
      units: 'arcsec',
      decimals: 1,
      pace: 'steady',
      range: [0, 60],
      deadBand: 2,
      value: () => positioner.error * 3600,
      // On the way to a source it is large by nature.
      status: (arcseconds) => (positioner.isOnTarget && arcseconds > 40 ? 'warn' : 'nominal'),
    }),
    otherFeed({
      name: 'ap.on-target',
      description: 'Whether the receptor looks where it is asked to, well enough to observe',
      type: 'boolean',
      value: () => positioner.isOnTarget,
    }),
    current('ap.azim-drive-current', 'azimuth', () => positioner.azimuthCurrent),
    current('ap.elev-drive-current', 'elevation', () => positioner.elevationCurrent),
  ];
}

function receiverFeeds(receptor: Receptor): Feed[] {
  const { receiver } = receptor;
  const bias = (polarisation: 'h' | 'v') =>
    floatFeed({
      name: `rx.lna.${polarisation}-bias-current`,
      description: `Current of the low-noise amplifier of polarisation ${polarisation}`,
      units: 'mA',
      decimals: 2,
      pace: 'slow',
      range: [10, 16],
      bounds: { warnBelow: 9, warnAbove: 17, errorAbove: 25 },
      deadBand: 0.05,
      value: () => receiver.biasCurrents[polarisation],
    });
  return [
    otherFeed({
      name: 'rx.band',
      description: 'Receiver in the focus',
      type: 'discrete',
      values: BANDS,
      value: () => receptor.band,
    }),
    otherFeed({
      name: 'rx.cryo.state',
      description: 'What the cryostat does',
      type: 'discrete',
      values: CRYO_STATES,
      value: () => receiver.state,
      status: () => (receiver.state === 'cold' ? 'nominal' : 'warn'),
    }),
    floatFeed({
      name: 'rx.cryo.cold-stage-temperature',
      description: 'Temperature of the cold stage, on which the amplifiers sit',
      units: 'K',
      decimals: 2,
      pace: 'steady',
      range: [10, 320],
      bounds: { warnAbove: 22, errorAbove: 30 },
      deadBand: 0.05,
      value: () => receiver.temperature,
    }),
    floatFeed({
      name: 'rx.cryo.shield-temperature',
      description: 'Temperature of the radiation shield',
      units: 'K',
      decimals: 1,
      pace: 'slow',
      range: [60, 320],
      bounds: { warnAbove: 85, errorAbove: 110 },
      deadBand: 0.2,
      value: () => receiver.shieldTemperature,
    }),
    floatFeed({
      name: 'rx.cryo.helium-pressure',
      description: 'Pressure of the helium that the compressor supplies',
      units: 'bar',
      decimals: 1,
      pace: 'slow',
      range: [12, 24],
      bounds: { warnBelow: 17, warnAbove: 23 },
      deadBand: 0.2,
      value: () => receiver.heliumPressure,
    }),
    floatFeed({
      name: 'rx.cryo.vacuum',
      description: 'Pressure in the cryostat',
      units: 'mbar',
      decimals: 12,
      pace: 'slow',
      range: [1e-8, 1e-2],
      bounds: { warnAbove: 1e-5, errorAbove: 1e-3 },
      deadBand: 2e-8,
      value: () => Number(receiver.vacuum.toPrecision(3)),
    }),
    otherFeed({
      name: 'rx.cryo.compressor-running',
      description: 'Whether the helium compressor runs',
      type: 'boolean',
      value: () => receiver.compressor === 'running',
      status: () => (receiver.compressor === 'running' ? 'nominal' : 'error'),
    }),
    bias('h'),
    bias('v'),
    otherFeed({
      name: 'rx.noise-diode-on',
      description: 'Whether the noise diode adds its known signal',
      type: 'boolean',
      value: () => receptor.noiseDiode,
    }),
    otherFeed({
      name: 'rx.serial-number',
      description: 'Serial number of the receiver',
      type: 'string',
      value: () => receptor.serialNumbers.receiver,
    }),
  ];
}

function digitiserFeeds({ digitiser, serialNumbers }: Receptor): Feed[] {
  const rms = (polarisation: 'h' | 'v') =>
    floatFeed({
      name: `dig.adc.${polarisation}-rms`,
      description: `Level at the converter of polarisation ${polarisation}, root mean square`,
      units: 'ADU',
      decimals: 1,
      pace: 'steady',
      range: [0, 511],
      bounds: { warnBelow: 25, warnAbove: 90, errorAbove: 200 },
      deadBand: 0.4,
      value: () => digitiser.rms[polarisation],
    });
  return [
    floatFeed({
      name: 'dig.temperature',
      description: 'Temperature of the digitiser',
      units: 'degC',
      decimals: 1,
      pace: 'slow',
      range: [0, 80],
      bounds: { warnAbove: 65, errorAbove: 75 },
      deadBand: 0.2,
      value: () => digitiser.temperature,
    }),
    rms('h'),
    rms('v'),
    otherFeed({
      name: 'dig.adc.overflows',
      description: 'Samples beyond full scale since the digitiser started',
      type: 'integer',
      value: () => digitiser.overflows,
    }),
    otherFeed({
      name: 'dig.clock-locked',
      description: 'Whether the sample clock follows the maser',
      type: 'boolean',
      value: () => digitiser.clock === 'locked',
      status: () => (digitiser.clock === 'locked' ? 'nominal' : 'error'),
    }),
    otherFeed({
      name: 'dig.spectrum',
      description: 'Power below full scale in 16 equal parts of the band, polarisation h',
      type: 'float[]',
      units: 'dB',
      pace: 'slow',
      value: () => digitiser.spectrum,
    }),
    otherFeed({
      name: 'dig.serial-number',
      description: 'Serial number of the digitiser',
      type: 'string',
      value: () => serialNumbers.digitiser,
    }),
  ];
}

function deviceFeeds(receptor: Receptor): Feed[] {
  const state = (): (typeof DEVICE_STATES)[number] => {
    if (receptor.positioner.drives === 'failed') return 'fail';
    const isWell = receptor.receiver.state === 'cold' && receptor.digitiser.clock === 'locked';
    return isWell ? 'ok' : 'degraded';
  };
  return [
    otherFeed({
      name: 'device-status',
      description: 'The whole receptor, as its worst part',
      type: 'discrete',
      values: DEVICE_STATES,
      value: state,
      status: () => (state() === 'ok' ? 'nominal' : state() === 'degraded' ? 'warn' : 'error'),
    }),
    otherFeed({
      name: 'boot-time',
      description: "When the receptor's controller started",
      type: 'timestamp',
      value: () => receptor.bootedAt,
    }),
    otherFeed({
      name: 'network-address',
      description: "Where the receptor's controller is in the array's own network",
      type: 'address',
      // The third and fourth numbers are the receptor's: a documentation network would be too small (RFC 5737).
      value: () => `10.97.${receptor.number}.1:7147`,
    }),
  ];
}
