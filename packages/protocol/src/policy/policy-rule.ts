import { sensorGlob } from '../patterns/sensor-glob.ts';
import { samplingRule, SamplingSettingsError, type SamplingSettings } from '../sampling/sampling-rule.ts';

/** One rule of a policy: which sensors, and what holds for them. Fields that it lacks come from the component's code, then the defaults. */
export interface PolicyRule extends SamplingSettings {
  /** A glob over `<component>.<sensor part of the KATCP name>`. */
  readonly match: string;
  /** Why, for people. */
  readonly comment?: string;
}

/** The bucket and the key that hold the list: JSON, in the order in which the rules are tried. */
export const POLICY_BUCKET = 'policies';
export const THROTTLE_POLICY_KEY = 'throttle';

export const MOST_POLICY_RULES = 1_000;
/** What all rules of a list may stand for together, braces taken apart: each is compiled by every component, and looked at for each sensor. */
export const MOST_POLICY_GLOBS = 2_000;
export const LARGEST_POLICY_BYTES = 256 * 1024;
const LONGEST_COMMENT = 500;

export const SAMPLING_FIELDS = [
  'archiveIntervalSeconds',
  'normalIntervalSeconds',
  'longestSilenceSeconds',
  'deadBand',
] as const satisfies readonly (keyof SamplingSettings)[];
const FIELDS: readonly string[] = ['match', ...SAMPLING_FIELDS, 'comment'];

/** One thing that is wrong with a list. */
export interface PolicyFault {
  /** Counted from 1; 0: the list as a whole. */
  readonly rule: number;
  /** Empty when the rule as a whole is wrong. */
  readonly field: string;
  readonly reason: string;
}

/** A list of rules that cannot be applied; nothing of it is. */
export class PolicyError extends Error {
  readonly code = 'POLICY';
  readonly faults: readonly PolicyFault[];

  constructor(faults: readonly PolicyFault[]) {
    super(faults.map(policyFaultText).join('; '));
    this.faults = faults;
    this.name = 'PolicyError';
  }
}

/** `rule 3: match must be a string` */
export function policyFaultText({ rule, field, reason }: PolicyFault): string {
  const where = rule === 0 ? 'the policy' : `rule ${rule}:`;
  return [where, field, reason].filter((part) => part !== '').join(' ');
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @param payload what the key holds, JSON @throws {PolicyError} */
export function parsePolicy(payload: Uint8Array | string): PolicyRule[] {
  if (payload.length > LARGEST_POLICY_BYTES)
    throw listError(`is larger than ${LARGEST_POLICY_BYTES / 1024} kB`);
  let document: unknown;
  try {
    document = JSON.parse(typeof payload === 'string' ? payload : decoder.decode(payload));
  } catch {
    throw listError('is not JSON');
  }
  return checkPolicy(document);
}

/** @param document a list of rules, as JSON or YAML gives it @throws {PolicyError} with everything that is wrong */
export function checkPolicy(document: unknown): PolicyRule[] {
  if (!Array.isArray(document)) throw listError('must be a list of rules');
  if (document.length > MOST_POLICY_RULES) throw listError(`has more than ${MOST_POLICY_RULES} rules`);
  const faults = document.flatMap((rule: unknown, place) => faultsOf(rule, place + 1));
  if (faults.length > 0) throw new PolicyError(faults);
  const globs = (document as PolicyRule[]).reduce((sum, { match }) => sum + alternativesOf(match), 0);
  if (globs > MOST_POLICY_GLOBS)
    throw listError(
      `stands for ${globs} globs, its braces taken apart; at most ${MOST_POLICY_GLOBS} are allowed`,
    );
  return document as PolicyRule[];
}

function listError(reason: string): PolicyError {
  return new PolicyError([{ rule: 0, field: '', reason }]);
}

function faultsOf(rule: unknown, number: number): PolicyFault[] {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) {
    return [{ rule: number, field: '', reason: 'must be an object with the field match' }];
  }
  const fields = rule as Record<string, unknown>;
  const reasons: [string, string | undefined][] = [
    ['match', matchFault(fields.match)],
    ['comment', commentFault(fields.comment)],
    ...SAMPLING_FIELDS.map((field): [string, string | undefined] => [
      field,
      samplingFault(field, fields[field]),
    ]),
    ...Object.keys(fields)
      .filter((field) => !FIELDS.includes(field))
      .map((field): [string, string] => [field.slice(0, 50), `is no field; there are ${FIELDS.join(', ')}`]),
  ];
  return reasons.flatMap(([field, reason]) =>
    reason === undefined ? [] : [{ rule: number, field, reason }],
  );
}

/** How many globs the braces of one stand for, or more where they stand in each other. */
function alternativesOf(glob: string): number {
  return [...glob.matchAll(/\{([^{}]*)/g)].reduce((product, [, inside = '']) => {
    const [, first, last] = /^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])/.exec(inside) ?? [];
    const alternatives =
      first === undefined || last === undefined
        ? inside.split(',').length
        : Math.abs(placeInRange(last) - placeInRange(first)) + 1;
    return product * alternatives;
  }, 1);
}

/** Of `7` or `g`. */
function placeInRange(end: string): number {
  return /\d/.test(end) ? Number(end) : end.charCodeAt(0);
}

function matchFault(match: unknown): string | undefined {
  if (typeof match !== 'string') return 'must be a string, a glob over sensor names';
  try {
    sensorGlob(match);
  } catch (error) {
    return (error as Error).message;
  }
  return match.includes('/') ? 'holds a /, which no sensor name has' : undefined;
}

function commentFault(comment: unknown): string | undefined {
  if (comment === undefined) return undefined;
  if (typeof comment !== 'string') return 'must be a string';
  return comment.length > LONGEST_COMMENT ? `has more than ${LONGEST_COMMENT} characters` : undefined;
}

function samplingFault(field: keyof SamplingSettings, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && Object.keys(value).join() !== 'relative') return 'must be null, a number or { relative }';
  try {
    samplingRule({ [field]: value });
  } catch (error) {
    if (error instanceof SamplingSettingsError) return error.rule;
    throw error;
  }
  return undefined;
}
