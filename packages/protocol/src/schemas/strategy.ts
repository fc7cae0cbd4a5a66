import {
  LONGEST_PERIOD_SECONDS,
  SHORTEST_PERIOD_SECONDS,
  STRATEGY_PARAMETERS,
  type StrategyParameter,
} from '../portal/sampling-strategy.ts';

const seconds = { type: 'number', minimum: 0, maximum: LONGEST_PERIOD_SECONDS } as const;
const parameters: Readonly<Record<StrategyParameter, object>> = {
  periodSeconds: { ...seconds, minimum: SHORTEST_PERIOD_SECONDS },
  minSeconds: seconds,
  maxSeconds: seconds,
  difference: { type: 'number', minimum: 0 },
};

/** A sampling strategy: which parameters it has follows from its name, so that a fault is told of the parameter and not of the whole. */
export const strategy = {
  type: 'object',
  properties: { name: { enum: Object.keys(STRATEGY_PARAMETERS) } },
  required: ['name'],
  allOf: Object.entries(STRATEGY_PARAMETERS).map(([name, needed]) => ({
    if: { type: 'object', properties: { name: { const: name } }, required: ['name'] },
    then: {
      type: 'object',
      properties: {
        name: true,
        ...Object.fromEntries(needed.map((parameter) => [parameter, parameters[parameter]])),
      },
      required: [...needed],
      additionalProperties: false,
    },
  })),
} as const;
