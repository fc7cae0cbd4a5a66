import { destination, pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

export const LOG_FORMATS = ['auto', 'text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** The daemon's name, in every line. */
  readonly name: string;
  readonly level: LogLevel;
  /** `auto`: text on a terminal, JSON lines elsewhere. */
  readonly format: LogFormat;
}

/** How a log line looks on a terminal, here and where `katbus up` shows the lines of its daemons. */
export const TEXT_LINES = {
  translateTime: 'SYS:HH:MM:ss.l',
  ignore: 'pid,hostname,name',
  messageFormat: '{name}: {msg}',
  singleLine: true,
} as const;

/** A logger that writes to standard output at once: a line that explains a crash must not sit in a buffer. */
export function createLogger({ name, level, format }: LoggerOptions): Logger {
  const asText = format === 'text' || (format === 'auto' && process.stdout.isTTY);
  const stream = asText ? pretty({ ...TEXT_LINES, sync: true }) : destination({ fd: 1, sync: true });
  return pino({ name, level }, stream);
}
