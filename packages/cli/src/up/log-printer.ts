import { printable } from '../output/value-text.ts';
import { styled } from '../output/colours.ts';

export type PrintedLevel = 'debug' | 'info' | 'warn' | 'error';

const DAEMON_STYLES = ['cyan', 'green', 'magenta', 'blue', 'yellow'] as const;
const NAME_WIDTH = 11;

/** Fields that stand elsewhere in the line, or say nothing to whoever started everything on this machine. */
const FIELDS_NOT_SHOWN = new Set(['level', 'time', 'name', 'msg', 'pid', 'hostname', 'err']);

/** pino's numbers. */
const LEVEL_OF_NUMBER: Readonly<Record<number, PrintedLevel>> = {
  10: 'debug',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'error',
};

/** `[4711] 2026/11/22 05:00:00.123456 [INF] Server is ready` */
const NATS_LINE = /^\[\d+\] \d{4}\/\d\d\/\d\d [\d:.]+ \[(\w{3})\] (.*)$/;

const LEVEL_OF_NATS: Readonly<Record<string, PrintedLevel>> = {
  INF: 'debug',
  DBG: 'debug',
  TRC: 'debug',
  WRN: 'warn',
  ERR: 'error',
  FTL: 'error',
};

/** Shows the lines of all daemons in one terminal, one clear line each: time, who, what. */
export class LogPrinter {
  private readonly write: (line: string) => void;
  private readonly showsDebug: boolean;
  private readonly styleOf = new Map<string, (typeof DAEMON_STYLES)[number]>();

  /** @param showsDebug also what only a developer wants to know, such as what nats-server says while all is well */
  constructor(write: (line: string) => void, showsDebug: boolean) {
    this.write = write;
    this.showsDebug = showsDebug;
  }

  print(name: string, level: PrintedLevel, text: string, date = new Date()): void {
    if (level === 'debug' && !this.showsDebug) return;
    const who = styled(this.style(name), name.padEnd(NAME_WIDTH));
    const marked =
      level === 'error'
        ? styled('red', `ERROR ${text}`)
        : level === 'warn'
          ? styled('yellow', `WARN ${text}`)
          : text;
    this.write(`${styled('dim', clockText(date))} ${who} ${marked}`);
  }

  /** A line that a daemon printed: pino's JSON, or what Node itself says when it goes wrong. */
  printDaemonLine(name: string, line: string): void {
    const entry = parseEntry(line);
    if (entry === undefined) {
      if (line.trim() !== '') this.print(name, 'warn', printable(line));
      return;
    }
    const fields = Object.entries(entry).filter(([field]) => !FIELDS_NOT_SHOWN.has(field));
    const rest = fields.map(([field, value]) => ` ${field}=${fieldText(value)}`).join('');
    const level = LEVEL_OF_NUMBER[Number(entry.level)] ?? 'info';
    const date = new Date(typeof entry.time === 'number' ? entry.time : Date.now());
    const error = errorText(entry);
    this.print(name, level, printable(`${textOf(entry.msg)}${error}${rest}`), date);
  }

  printNatsLine(line: string): void {
    const match = NATS_LINE.exec(line);
    if (match === null) this.print('nats-server', 'debug', printable(line));
    else this.print('nats-server', LEVEL_OF_NATS[match[1] ?? ''] ?? 'info', printable(match[2] ?? ''));
  }

  private style(name: string): (typeof DAEMON_STYLES)[number] {
    const known = this.styleOf.get(name) ?? DAEMON_STYLES[this.styleOf.size % DAEMON_STYLES.length] ?? 'cyan';
    this.styleOf.set(name, known);
    return known;
  }
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** What the message does not say already. */
function errorText({ err, msg }: Record<string, unknown>): string {
  const text = textOf((err as { message?: unknown } | undefined)?.message);
  return text === '' || textOf(msg).includes(text) ? '' : `: ${text}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function fieldText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Local time of day, as the daemons' own lines on a terminal. */
function clockText(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}
