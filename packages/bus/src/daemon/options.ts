import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_NATS_MONITORING_URL, DEFAULT_NATS_URL } from '../defaults.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './logger.ts';

/** What every daemon is told on its command line, or by the environment variable of the same meaning. */
export interface DaemonOptions {
  /** URLs of nats-server, separated by commas. */
  readonly nats: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Where `/healthz`, `/readyz` and `/metrics` are served; undefined: nowhere. */
  readonly monitoringPort?: number;
  readonly monitoringHost: string;
}

export function natsOption(): Option {
  return new Option(
    '--nats <url>',
    'nats-server, or several separated by commas; a login as nats://user:password@host:4222',
  )
    .env('KATBUS_NATS')
    .default(DEFAULT_NATS_URL);
}

/**
 * A command with the options that all daemons share.
 * @param monitoringPort the default; undefined: no monitoring unless a port is given
 */
export function daemonCommand(name: string, description: string, monitoringPort?: number): Command {
  const variable = `KATBUS_${name.toUpperCase().replaceAll('-', '_')}_MONITORING_PORT`;
  const port = new Option('--monitoring-port <port>', 'port for /healthz, /readyz and /metrics')
    .env(variable)
    .argParser(parsePort);
  return new Command(name)
    .description(description)
    .addOption(natsOption())
    .addOption(
      new Option('--log-level <level>', 'least level to log')
        .env('KATBUS_LOG_LEVEL')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .addOption(
      new Option('--log-format <format>', 'text, json, or auto: text on a terminal')
        .env('KATBUS_LOG_FORMAT')
        .choices(LOG_FORMATS)
        .default('auto'),
    )
    .addOption(monitoringPort === undefined ? port : port.default(monitoringPort))
    .addOption(
      new Option('--monitoring-host <address>', 'address for the monitoring port')
        .env('KATBUS_MONITORING_HOST')
        .default('127.0.0.1'),
    );
}

/** What {@link takeoverOption} gives, for the broker's options. */
export interface TakeoverOptions {
  readonly takeover?: true;
}

/** For the command of a component. It has no environment variable: set for all, components would take their names from each other for ever. */
export function takeoverOption(): Option {
  return new Option('--takeover', "take the component's name from a process that has it, which then stops");
}

/** What {@link natsMonitoringOption} gives; {@link monitoringUrlOf} reads it. */
export interface NatsMonitoringOptions {
  readonly natsMonitoring?: string;
}

export function natsMonitoringOption(): Option {
  return new Option('--nats-monitoring <url>', "nats-server's HTTP monitoring, or none")
    .env('KATBUS_NATS_MONITORING')
    .argParser(parseMonitoringUrl)
    .default(DEFAULT_NATS_MONITORING_URL);
}

/** Undefined when there is none to ask. */
export function monitoringUrlOf({ natsMonitoring }: NatsMonitoringOptions): string | undefined {
  return natsMonitoring === NO_MONITORING ? undefined : natsMonitoring;
}

/** An `http://` address, or `none`. */
export function parseMonitoringUrl(text: string): string {
  if (text === NO_MONITORING || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) return text;
  throw new InvalidArgumentError(`It is an http:// address such as ${DEFAULT_NATS_MONITORING_URL}, or none.`);
}

const NO_MONITORING = 'none';

/** 0 to 65535; 0 means any free port. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('A port is 0 to 65535.');
  return port;
}

/** A parser for an option that is a number within bounds. */
export function numberWithin(least: number, most: number, unit: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It is ${least} to ${most} ${unit}.`);
    }
    return value;
  };
}
