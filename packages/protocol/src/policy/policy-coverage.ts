import type { Policy } from './policy.ts';

/** What a policy does to the sensors that there are. Rules are counted from 1. */
export interface PolicyCoverage {
  readonly sensors: number;
  /** How many sensors follow each rule, in the order of the rules. */
  readonly governed: readonly number[];
  /** Rules that no sensor follows although some match, because earlier rules match these too. */
  readonly shadowed: readonly {
    readonly rule: number;
    readonly matching: number;
    readonly by: readonly number[];
  }[];
  /** Rules that match no sensor. */
  readonly unmatched: readonly number[];
  /** Sensors that no rule matches. */
  readonly ungoverned: number;
}

/** @param names KATCP names, the component first */
export function policyCoverage(policy: Policy, names: readonly string[]): PolicyCoverage {
  const governed = new Array<number>(policy.rules.length).fill(0);
  const finders = new Map<string, (name: string) => number | undefined>();
  const holding = names.map((name) => {
    const component = name.slice(0, name.indexOf('.'));
    let find = finders.get(component);
    if (find === undefined) finders.set(component, (find = policy.finder(component)));
    const place = find(name);
    if (place !== undefined) governed[place]! += 1;
    return place;
  });
  const idle = [...governed.keys()].filter((place) => governed[place] === 0);
  const matched = idle.map((place) => ({ place, takers: takersOf(policy, place, names, holding) }));
  return {
    sensors: names.length,
    governed,
    shadowed: matched
      .filter(({ takers }) => takers.length > 0)
      .map(({ place, takers }) => ({
        rule: place + 1,
        matching: takers.length,
        by: [...new Set(takers)].map((taker) => taker + 1).sort((a, b) => a - b),
      })),
    unmatched: matched.filter(({ takers }) => takers.length === 0).map(({ place }) => place + 1),
    ungoverned: holding.filter((place) => place === undefined).length,
  };
}

/** For each sensor that a rule matches, the rule that holds for it. */
function takersOf(
  policy: Policy,
  place: number,
  names: readonly string[],
  holding: readonly (number | undefined)[],
): number[] {
  return names.flatMap((name, n) => {
    const taker = holding[n];
    return taker !== undefined && policy.isMatch(place, name) ? [taker] : [];
  });
}
