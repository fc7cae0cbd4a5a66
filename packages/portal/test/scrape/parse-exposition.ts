export interface ExpositionFamily {
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*';
const VALUE = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]Inf)$/;

/**
 * Reads Prometheus' text format 0.0.4 as strictly as its specification allows: every family has HELP and TYPE, in this order, once and before its samples,
 * which stand together; no series comes twice; the last line ends.
 * @throws on the first line that breaks this
 */
export function parseExposition(text: string): ReadonlyMap<string, ExpositionFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, ExpositionFamily>();
  const series = new Set<string>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let current: string | undefined;
  for (const [place, line] of text.slice(0, -1).split('\n').entries()) {
    const fail = (reason: string) => new Error(`line ${place + 1}: ${reason}: ${line}`);
    const helpLine = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\]|\\\\[\\\\n])*)$`).exec(line);
    const typeLine = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`).exec(line);
    if (helpLine !== null) {
      help = { name: helpLine[1]!, text: helpLine[2]! };
    } else if (typeLine !== null) {
      const [, name = '', type = ''] = typeLine;
      if (help?.name !== name) throw fail('TYPE without its HELP before it');
      if (families.has(name)) throw fail('a family that was there before');
      families.set(name, { help: help.text, type, samples: [] });
      current = name;
    } else {
      const { name, labels, value } = parseSample(line, fail);
      if (name !== current) throw fail('a sample outside of its family');
      const identity = JSON.stringify([name, Object.entries(labels).sort()]);
      if (series.has(identity)) throw fail('a series that was there before');
      series.add(identity);
      families.get(name)?.samples.push({ labels, value });
    }
  }
  return families;
}

function parseSample(line: string, fail: (reason: string) => Error) {
  const [, name, labelText = '', valueText = ''] =
    new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`).exec(line) ?? [];
  if (name === undefined) throw fail('no sample');
  if (!VALUE.test(valueText)) throw fail('no value');
  const labels: Record<string, string> = {};
  let rest = labelText;
  while (rest !== '') {
    const pair = new RegExp(`^(${LABEL})="((?:[^"\\\\\\n]|\\\\[\\\\"n])*)"(?:,(?=.)|$)`).exec(rest);
    if (pair === null) throw fail('no label');
    const [all, label = '', escaped = ''] = pair;
    if (label in labels || label.startsWith('__')) throw fail('a label that may not be here');
    labels[label] = escaped.replaceAll(/\\(.)/g, (_, character: string) =>
      character === 'n' ? '\n' : character,
    );
    rest = rest.slice(all.length);
  }
  return { name, labels, value: Number(valueText.replace('Inf', 'Infinity')) };
}
