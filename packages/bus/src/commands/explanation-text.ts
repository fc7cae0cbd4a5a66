import {
  isoText,
  type Explanation,
  type ExplainedSettings,
  type ExplainedUpdate,
  type ThrottleDecision,
} from '@katbus/protocol';
import { inColumns, printable } from './columns.ts';
import { deadBandText } from './policy-text.ts';

const SETTINGS = [
  ['archiveIntervalSeconds', 'archive interval'],
  ['normalIntervalSeconds', 'normal interval'],
  ['longestSilenceSeconds', 'longest silence'],
] as const;

/** An explanation for people. @param nowSeconds Unix seconds */
export function explanationLines(explanation: Explanation, nowSeconds: number): string[] {
  const { settings } = explanation;
  return [
    `${explanation.katcpName} (${explanation.component}.${explanation.sensor})`,
    ...policyLines(explanation),
    '',
    ...inColumns([
      ...SETTINGS.map(([field, name]) => [
        name,
        settingText(settings, field),
        `from ${settings[field].from}`,
      ]),
      ['dead band', deadBandText(settings.deadBand.value), `from ${settings.deadBand.from}`],
    ]),
    '',
    ...inColumns(stateRows(explanation, nowSeconds)),
    '',
    ...countLines(explanation),
  ];
}

/** What a figure means for the throttle, where that differs from what it says. */
function settingText(settings: ExplainedSettings, field: (typeof SETTINGS)[number][0]): string {
  const { value } = settings[field];
  const archiveSeconds = settings.archiveIntervalSeconds.value;
  if (field === 'normalIntervalSeconds' && value > archiveSeconds)
    return `${value} s, reads as ${archiveSeconds} s`;
  if (value > 0) return `${value} s`;
  if (field === 'archiveIntervalSeconds') return '0 s: every change';
  return field === 'normalIntervalSeconds' ? '0 s: no fill-ins' : '0 s: no limit';
}

function policyLines({ policy, policies }: Explanation): string[] {
  const comment = policy?.comment === undefined ? '' : ` (${printable(policy.comment)})`;
  const held =
    policies.revision === undefined
      ? 'there are no policies: the component follows its own settings'
      : policy === undefined
        ? `no policy rule matches: none of ${policies.rules}, revision ${policies.revision}`
        : `policy rule ${policy.rule} of ${policies.rules} holds: ${printable(policy.match)}${comment}, revision ${policies.revision}`;
  const refused =
    policies.refusal === undefined
      ? []
      : [`a newer list was refused, ${policies.refused} so far: ${printable(policies.refusal)}`];
  return [held, ...refused];
}

function stateRows({ sent, archived, held, nextTime }: Explanation, nowSeconds: number): string[][] {
  const since = (time: number) => `${span(nowSeconds - time)} ago`;
  return [
    [
      'last sent',
      sent === undefined ? 'nothing yet' : updateText(sent),
      sent === undefined ? '' : since(sent.time),
    ],
    ...(archived === undefined ? [] : [['last archived', valueText(archived.value), since(archived.time)]]),
    held === undefined
      ? ['held', 'nothing', '']
      : ['held', updateText(held), `goes out in ${span(held.until - nowSeconds)}`],
    ...(nextTime === undefined || held !== undefined
      ? []
      : [['by itself', 'the last value again', `in ${span(nextTime - nowSeconds)}`]]),
  ];
}

function countLines({ counts }: Explanation): string[] {
  return [
    `since the component started: ${counts.updates} updates, ${counts.archive + counts.normal} samples sent`,
    ...inColumns([
      [
        '  sent on archive',
        String(counts.archive),
        `of these ${counts.repeated} once more, without an update`,
      ],
      ['  sent on normal', String(counts.normal), ''],
      ['  held', String(counts.held), 'for a while'],
      ['  dropped', String(counts.unchanged), 'not changed'],
      ['', String(counts.superseded), 'replaced by a newer one while they were held'],
      ['', String(counts.statusStorm), 'changes of status beyond ten a second'],
    ]),
  ];
}

export function decisionLine({ time, update, verdict, reason }: ThrottleDecision): string {
  return `${isoText(time)}  ${verdict.padEnd(7)}  ${updateText(update)}  ${reason}`;
}

function updateText({ value, status }: ExplainedUpdate): string {
  return `${valueText(value)} ${status}`;
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? printable(value) : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

function span(seconds: number): string {
  const shown = Math.max(seconds, 0);
  if (shown < 100) return `${shown.toFixed(1)} s`;
  return shown < 6_000 ? `${Math.round(shown / 60)} min` : `${(shown / 3600).toFixed(1)} h`;
}
