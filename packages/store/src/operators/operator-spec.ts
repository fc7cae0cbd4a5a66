import { OPERATOR_DEFAULT_SECONDS, OPERATORS, toMicroseconds, type OperatorName } from '@katbus/protocol';

/** An operator with what it was given. */
export interface OperatorSpec {
  readonly name: OperatorName;
  /** Of its bins; those operators that have none do not look at it. */
  readonly widthUs: number;
  /** Whether a bin without a number repeats what the one before gave, as in the appliance; `meanSample` and its likes leave it out. */
  readonly fills: boolean;
  /** What the operator takes beside a width: the n of `nth`, points, deviations, the dead band. */
  readonly parameter: number;
}

/** An operator that is none, or is given wrong. `field` is the field of the request. */
export class MalformedOperatorError extends Error {
  readonly field: 'operator' | 'widthSeconds';

  constructor(field: 'operator' | 'widthSeconds', message: string) {
    super(message);
    this.field = field;
    this.name = 'MalformedOperatorError';
  }
}

/** Old names of the appliance's. */
const ALIASES: ReadonlyMap<string, OperatorName> = new Map([
  ['mini', 'min'],
  ['maxi', 'max'],
]);

/** Those that give one value a bin, and fill: each has a variant that does not, whose name ends with `Sample`. */
const FILLING: readonly OperatorName[] = [
  ...(['mean', 'min', 'max', 'count', 'median', 'std', 'jitter', 'variance', 'popvariance'] as const),
  ...(['kurtosis', 'skewness', 'rms', 'linear', 'errorbar', 'optimized', 'optimLastSample'] as const),
];

/** Those whose first number is not a width: what it is, its default and its bounds. */
const OWN_NUMBER = {
  nth: { what: 'n', byDefault: OPERATOR_DEFAULT_SECONDS, least: 1, most: 1e9, isWhole: true },
  optimized: { what: 'the number of points', byDefault: 1_000, least: 1, most: 100_000, isWhole: true },
  optimLastSample: { what: 'the number of points', byDefault: 1_000, least: 1, most: 100_000, isWhole: true },
  deadBand: { what: 'the dead band', byDefault: 1, least: 0, most: 1e300, isWhole: false },
} as const;

const DEVIATIONS = { what: 'the number of deviations', least: 0, most: 1e6, isWhole: false } as const;
const DEFAULT_DEVIATIONS = 3;
const WIDTH = { what: 'the width in seconds', least: 0.001, most: 1e11, isWhole: false } as const;

/**
 * Reads `mean`, `mean_60`, `ignoreflyers_60_2.5`, `nth_10`.
 * @param widthSeconds the width, where the name does not say it
 * @throws {MalformedOperatorError} naming the operators that there are
 */
export function parseOperator(text: string, widthSeconds?: number): OperatorSpec {
  const [head = '', ...numbers] = text.split('_');
  const { name, fills } = nameOf(head);
  const own = Object.hasOwn(OWN_NUMBER, name) ? OWN_NUMBER[name as keyof typeof OWN_NUMBER] : undefined;
  if (widthSeconds !== undefined && (own !== undefined || name === 'ncount' || numbers.length > 0)) {
    const rule = numbers.length > 0 ? 'the operator says it already' : `${name} has no bins`;
    throw new MalformedOperatorError('widthSeconds', `widthSeconds cannot be given with ${text}: ${rule}`);
  }
  const isFlyers = name === 'flyers' || name === 'ignoreflyers';
  const most = name === 'ncount' ? 0 : isFlyers ? 2 : 1;
  if (numbers.length > most) {
    throw new MalformedOperatorError(
      'operator',
      `${text}: ${head} takes ${most === 0 ? 'no number' : `at most ${most}`}`,
    );
  }
  const [first, second] = numbers;
  if (own !== undefined) {
    const parameter = first === undefined ? own.byDefault : numberOf(text, first, own);
    return { name, fills, widthUs: 0, parameter };
  }
  const seconds =
    first === undefined ? (widthSeconds ?? OPERATOR_DEFAULT_SECONDS) : numberOf(text, first, WIDTH);
  const parameter = second === undefined ? DEFAULT_DEVIATIONS : numberOf(text, second, DEVIATIONS);
  return { name, fills, widthUs: toMicroseconds(seconds), parameter };
}

function nameOf(head: string): { name: OperatorName; fills: boolean } {
  const plain = ALIASES.get(head) ?? OPERATORS.find((operator) => operator === head);
  if (plain !== undefined) return { name: plain, fills: FILLING.includes(plain) };
  const unfilled = FILLING.find((operator) => head === `${operator}Sample`);
  if (unfilled !== undefined) return { name: unfilled, fills: false };
  const list = OPERATORS.join(', ');
  throw new MalformedOperatorError(
    'operator',
    `there is no operator ${head.slice(0, 40)}; there are ${list}`,
  );
}

function numberOf(
  text: string,
  typed: string,
  { what, least, most, isWhole }: { what: string; least: number; most: number; isWhole: boolean },
): number {
  const number = /^\d+(?:\.\d+)?$/.test(typed) ? Number(typed) : NaN;
  if (number >= least && number <= most && (!isWhole || Number.isInteger(number))) return number;
  const kind = isWhole ? 'an integer' : 'a number';
  throw new MalformedOperatorError('operator', `${text}: ${what} is ${kind} from ${least} to ${most}`);
}
