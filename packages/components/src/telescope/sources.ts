import type { SkyPosition } from './sky.ts';

/** Something to look at. */
export interface Source extends SkyPosition {
  readonly name: string;
  /** `calibrator`: bright and small, looked at between targets to set the receivers' gains. */
  readonly kind: 'calibrator' | 'target';
}

/** Bright radio sources of the whole sky, so that some are up at any site and hour. */
export const SOURCES: readonly Source[] = [
  source('J1939-6342', 'calibrator', 294.854, -63.713),
  source('J0408-6545', 'calibrator', 62.085, -65.753),
  source('J1331+3030', 'calibrator', 202.785, 30.509),
  source('J0137+3309', 'calibrator', 24.422, 33.16),
  source('J0521+1638', 'calibrator', 80.291, 16.639),
  source('J0825-5010', 'calibrator', 126.362, -50.178),
  source('J1733-1304', 'calibrator', 263.261, -13.08),
  source('J2253+1608', 'calibrator', 343.491, 16.148),
  source('J0240-2309', 'calibrator', 40.035, -23.152),
  source('J1229+0203', 'calibrator', 187.278, 2.052),
  source('J2206-1835', 'calibrator', 331.55, -18.594),
  source('J1120-2508', 'calibrator', 170.042, -25.136),
  source('Sgr A*', 'target', 266.417, -29.008),
  source('Centaurus A', 'target', 201.365, -43.019),
  source('Fornax A', 'target', 50.674, -37.208),
  source('Pictor A', 'target', 79.957, -45.779),
  source('Hydra A', 'target', 139.524, -12.096),
  source('Virgo A', 'target', 187.706, 12.391),
  source('Taurus A', 'target', 83.633, 22.014),
  source('Hercules A', 'target', 252.784, 4.992),
  source('Cygnus A', 'target', 299.868, 40.734),
  source('Cassiopeia A', 'target', 350.85, 58.815),
  source('Vela pulsar', 'target', 128.836, -45.176),
  source('Eta Carinae', 'target', 161.265, -59.685),
  source('47 Tucanae', 'target', 6.024, -72.081),
  source('30 Doradus', 'target', 84.676, -69.101),
  source('NGC 253', 'target', 11.888, -25.288),
  source('J0437-4715', 'target', 69.316, -47.253),
  source('Perseus A', 'target', 49.951, 41.512),
];

function source(name: string, kind: Source['kind'], rightAscension: number, declination: number): Source {
  return { name, kind, rightAscension, declination };
}
