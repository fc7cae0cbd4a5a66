import {
  STRATEGY_PARAMETERS,
  StrategyError,
  strategyRule,
  type SamplingStrategy,
  type StrategyName,
  type StrategyParameter,
} from '@katbus/protocol';
import { InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { parseSeconds } from './duration.ts';

/** As commander gives the options below. */
export interface StrategyOptions {
  readonly strategy?: StrategyName;
  readonly period?: number;
  readonly min?: number;
  readonly max?: number;
  readonly difference?: number;
}

const OPTION_OF: Readonly<Record<StrategyParameter, Exclude<keyof StrategyOptions, 'strategy'>>> = {
  periodSeconds: 'period',
  minSeconds: 'min',
  maxSeconds: 'max',
  difference: 'difference',
};

export function strategyOptions(): Option[] {
  return [
    new Option('--strategy <name>', 'which samples to get').choices(Object.keys(STRATEGY_PARAMETERS)),
    new Option('--period <time>', 'of period: time between two samples').argParser(parseSeconds),
    new Option('--min <time>', 'of event-rate, differential-rate: shortest time').argParser(parseSeconds),
    new Option('--max <time>', 'of the same: longest time; 0 for none').argParser(parseSeconds),
    new Option('--difference <number>', 'of differential, differential-rate: least change').argParser(
      parseDifference,
    ),
  ];
}

/** @throws {CliError} naming the option that is missing, wrong, or not of this strategy */
export function strategyOf(options: StrategyOptions): SamplingStrategy | undefined {
  const { strategy: name } = options;
  const needed = name === undefined ? [] : STRATEGY_PARAMETERS[name];
  for (const [parameter, option] of Object.entries(OPTION_OF) as [
    StrategyParameter,
    keyof StrategyOptions,
  ][]) {
    const isGiven = options[option] !== undefined;
    if (isGiven && name === undefined) throw new CliError(`--${option} needs --strategy`);
    if (isGiven !== needed.includes(parameter))
      throw new CliError(`--strategy ${name} ${isGiven ? 'takes no' : 'needs'} --${option}`);
  }
  if (name === undefined) return undefined;
  const strategy = {
    name,
    ...Object.fromEntries(needed.map((parameter) => [parameter, options[OPTION_OF[parameter]]])),
  } as SamplingStrategy;
  try {
    strategyRule(strategy);
  } catch (error) {
    if (!(error instanceof StrategyError)) throw error;
    const rule = error.message.slice(error.message.indexOf(error.field) + error.field.length);
    throw new CliError(`--${OPTION_OF[error.field as StrategyParameter]}${rule}`);
  }
  return strategy;
}

function parseDifference(text: string): number {
  const difference = Number(text);
  if (text.trim() === '' || !(difference >= 0 && difference < Infinity))
    throw new InvalidArgumentError("It is a number of at least 0, in the sensor's units.");
  return difference;
}
