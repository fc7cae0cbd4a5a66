import { sensorGlob } from '../patterns/sensor-glob.ts';
import type { Pattern } from '../patterns/pattern.ts';
import type { PolicyRule } from './policy-rule.ts';
import { wildcardGlob } from './wildcard-glob.ts';

/** A glob with what stands before its first and after its last special character: two comparisons tell most names that it does not match. */
interface CompiledRule {
  readonly place: number;
  readonly glob: Pattern;
  readonly prefix: string;
  readonly suffix: string;
}

const SPECIAL = /[*?[\]{}()!+@\\]/;

/**
 * A checked list of rules, made ready to find the rule of each of 200,000 sensors: rules that name one sensor are looked up, globs are
 * compiled once, and those that cannot match any sensor of a component are left out for it.
 */
export class Policy {
  readonly rules: readonly PolicyRule[];
  private readonly compiled: readonly CompiledRule[];
  private readonly globs: readonly CompiledRule[];
  /** Sensor to the place of the first rule that names it. */
  private readonly literals = new Map<string, number>();

  /** @throws {MalformedPatternError} when the rules have not been checked */
  constructor(rules: readonly PolicyRule[]) {
    this.rules = rules;
    this.compiled = rules.map(compile);
    for (const { place, glob } of this.compiled) {
      if (glob.literal !== undefined && !this.literals.has(glob.literal))
        this.literals.set(glob.literal, place);
    }
    this.globs = this.compiled.filter(({ glob }) => glob.literal === undefined);
  }

  /** A function that finds the rule of a component's sensors. */
  finder(component: string): (name: string) => number | undefined {
    const start = `${component}.`;
    const globs = this.globs.filter(({ prefix }) => start.startsWith(prefix) || prefix.startsWith(start));
    return (name) => this.find(name, globs);
  }

  /** Whether a rule, by its place counted from 0, matches a name; another may hold for it all the same. */
  isMatch(place: number, name: string): boolean {
    const rule = this.compiled[place];
    return rule !== undefined && (rule.glob.literal === name || isMatch(rule, name));
  }

  private find(name: string, globs: readonly CompiledRule[]): number | undefined {
    const literal = this.literals.get(name);
    const found = globs.find((rule) => isMatch(rule, name));
    if (literal === undefined || found === undefined) return literal ?? found?.place;
    return Math.min(literal, found.place);
  }
}

function compile({ match }: PolicyRule, place: number): CompiledRule {
  const parts = match.split(SPECIAL);
  return {
    place,
    glob: wildcardGlob(match) ?? sensorGlob(match),
    prefix: parts[0] ?? '',
    suffix: parts.at(-1) ?? '',
  };
}

function isMatch({ glob, prefix, suffix }: CompiledRule, name: string): boolean {
  return name.startsWith(prefix) && name.endsWith(suffix) && glob.matches(name);
}
