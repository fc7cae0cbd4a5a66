/**
 * The EPICS Archiver Appliance's operators (its "post-processors") by their names there. STORAGE.md, "Operators", has a line for each; what they
 * give are samples, in pages like those of a history.
 */
export const OPERATORS = [
  'firstSample',
  'lastSample',
  'firstFill',
  'lastFill',
  'mean',
  'min',
  'max',
  'count',
  'ncount',
  'nth',
  'median',
  'std',
  'jitter',
  'ignoreflyers',
  'flyers',
  'variance',
  'popvariance',
  'kurtosis',
  'skewness',
  'rms',
  'linear',
  'optimized',
  'optimLastSample',
  'caplotbinning',
  'deadBand',
  'errorbar',
] as const;
export type OperatorName = (typeof OPERATORS)[number];

/** The appliance knows them; here they are refused, by name. */
export const OPERATORS_WITHOUT = ['loess'] as const;

/** Where an operator has bins and nothing is said of their width: that of the appliance. */
export const OPERATOR_DEFAULT_SECONDS = 900;

export const OPERATOR_WIDTH_SECONDS = { least: 0.001, most: 1e11 } as const;
