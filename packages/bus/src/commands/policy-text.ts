import type { PolicyCoverage, PolicyRule, SamplingSettings } from '@katbus/protocol';
import { inColumns, printable } from './columns.ts';

const HEADING = ['RULE', 'MATCH', 'ARCHIVE', 'NORMAL', 'SILENCE', 'DEAD BAND', 'COMMENT'];

/** A policy as a table; a field that a rule lacks is empty. */
export function policyTable(rules: readonly PolicyRule[]): string[] {
  return inColumns([HEADING, ...rules.map((rule, place) => [String(place + 1), ...cells(rule)])]);
}

function cells(rule: PolicyRule): string[] {
  return [
    printable(rule.match),
    secondsText(rule.archiveIntervalSeconds),
    secondsText(rule.normalIntervalSeconds),
    secondsText(rule.longestSilenceSeconds),
    rule.deadBand === undefined ? '' : deadBandText(rule.deadBand),
    printable(rule.comment ?? ''),
  ];
}

export function secondsText(seconds: number | undefined): string {
  return seconds === undefined ? '' : `${seconds} s`;
}

export function deadBandText(deadBand: NonNullable<SamplingSettings['deadBand']> | null): string {
  if (deadBand === null) return 'none: every update';
  return typeof deadBand === 'number'
    ? String(deadBand)
    : `${Number((deadBand.relative * 100).toPrecision(6))} %`;
}

/** What a policy does to the sensors that there are, and what of it does nothing. */
export function coverageLines(rules: readonly PolicyRule[], coverage: PolicyCoverage): string[] {
  const { sensors, governed, shadowed, unmatched, ungoverned } = coverage;
  const counts = rules.map(({ match }, place) => [
    String(place + 1),
    printable(match),
    String(governed[place]),
  ]);
  return [
    ...inColumns([['RULE', 'MATCH', 'SENSORS'], ...counts]),
    `${ungoverned} of ${sensors} sensors follow no rule`,
    ...shadowed.map(
      ({ rule, matching, by }) =>
        `rule ${rule} never holds: the ${matching} sensors that it matches follow rule ${by.join(', ')} before it`,
    ),
    ...unmatched.map((rule) => `rule ${rule} matches no sensor that is on the bus now`),
  ];
}

/** Rules that can never hold, whatever sensors there are. */
export function deadRuleLines(rules: readonly PolicyRule[]): string[] {
  return rules.flatMap(({ match }, place) => {
    const before = rules.findIndex((other) => other.match === match || /^\*+$/.test(other.match));
    return before < 0 || before >= place
      ? []
      : [
          `rule ${place + 1} can never hold: rule ${before + 1}, ${printable(rules[before]?.match ?? '')}, matches all of its sensors before it`,
        ];
  });
}

/** What changes from one list to another, a line a rule, in order: `-` goes, `+` comes, what stays is left out. */
export function changeLines(before: readonly PolicyRule[], after: readonly PolicyRule[]): string[] {
  const [olds, news] = [before, after].map((rules) => rules.map((rule) => JSON.stringify(rule)));
  const stays = commonLength(olds!, news!);
  const lines: string[] = [];
  let [from, to] = [0, 0];
  while (from < olds!.length || to < news!.length) {
    const [old, next] = [olds![from], news![to]];
    if (old !== undefined && old === next) {
      from += 1;
      to += 1;
    } else if (next === undefined || (old !== undefined && stays[from + 1]![to]! >= stays[from]![to + 1]!)) {
      lines.push(`- ${from + 1} ${printable(old ?? '')}`);
      from += 1;
    } else {
      lines.push(`+ ${to + 1} ${printable(next)}`);
      to += 1;
    }
  }
  return lines;
}

/** Longest common subsequence of what follows each pair of places. */
function commonLength(olds: readonly string[], news: readonly string[]): number[][] {
  const lengths = Array.from({ length: olds.length + 1 }, () => new Array<number>(news.length + 1).fill(0));
  for (let from = olds.length - 1; from >= 0; from -= 1) {
    for (let to = news.length - 1; to >= 0; to -= 1) {
      lengths[from]![to] =
        olds[from] === news[to]
          ? lengths[from + 1]![to + 1]! + 1
          : Math.max(lengths[from + 1]![to]!, lengths[from]![to + 1]!);
    }
  }
  return lengths;
}
