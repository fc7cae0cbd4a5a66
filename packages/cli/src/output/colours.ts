import type { Status } from '@katbus/protocol';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Only what an operator must not overlook has a colour. */
const STYLE_OF_STATUS: Readonly<Partial<Record<Status, Style>>> = {
  inactive: 'dim',
  unknown: 'dim',
  warn: 'yellow',
  unreachable: 'magenta',
  error: 'red',
  failure: ['bold', 'red'],
};

/** The text in a style, when the stream is a terminal that shows it and NO_COLOR does not forbid it. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

export function colouredStatus(status: Status, text: string = status): string {
  const style = STYLE_OF_STATUS[status];
  return style === undefined ? text : styled(style, text);
}
