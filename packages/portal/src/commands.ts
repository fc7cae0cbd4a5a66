import { daemonCommand, numberWithin, parsePort, runDaemon, type DaemonOptions } from '@katbus/bus/daemon';
import { Option, type Command } from 'commander';
import { DEFAULT_ASSETS, type Assets } from './http/assets.ts';
import { LIMITS, type LimitName, type PortalLimits } from './limits.ts';
import { Portal, PORTAL_DEFAULTS } from './portal.ts';

type PortalCommandOptions = DaemonOptions &
  PortalLimits & { readonly host: string; readonly port: number; readonly allowedOrigins: readonly string[] };

/** @param assets the page; without it a portal shows one line */
export function commands(assets: Assets = DEFAULT_ASSETS): Command[] {
  return [portalCommand(assets)];
}

function portalCommand(assets: Assets): Command {
  const command = daemonCommand('portal', 'serve browsers and external systems: websocket, HTTP, the page')
    .addOption(
      new Option('--host <address>', 'address to listen on')
        .env('KATBUS_PORTAL_HOST')
        .default(PORTAL_DEFAULTS.host),
    )
    .addOption(
      new Option('--port <port>', 'port to listen on')
        .env('KATBUS_PORTAL_PORT')
        .argParser(parsePort)
        .default(PORTAL_DEFAULTS.port),
    )
    .addOption(
      new Option('--allowed-origins <origins>', 'pages of these origins may connect too; separated by commas')
        .env('KATBUS_PORTAL_ALLOWED_ORIGINS')
        .argParser((text: string) => text.split(',').map((origin) => origin.trim()))
        .default(PORTAL_DEFAULTS.allowedOrigins, 'none'),
    );
  for (const name of Object.keys(LIMITS) as LimitName[]) command.addOption(limitOption(name));
  return command
    .addHelpText(
      'after',
      '\n/healthz, /readyz and /metrics are served on the same port; --monitoring-port serves them on another as well.',
    )
    .action((options: PortalCommandOptions) =>
      runDaemon('portal', options, async ({ logger, registry }) => {
        const { nats, host, port, allowedOrigins } = options;
        const portal = await Portal.start({
          nats,
          logger,
          registry,
          host,
          port,
          allowedOrigins,
          assets,
          limits: limitsOf(options),
        });
        logger.info(`listening on http://${host.includes(':') ? `[${host}]` : host}:${portal.port}`);
        return portal;
      }),
    );
}

function limitOption(name: LimitName): Option {
  const { default: value, least, most, unit, what } = LIMITS[name];
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return new Option(`--${words} <${unit}>`, what)
    .env(`KATBUS_PORTAL_${words.toUpperCase().replaceAll('-', '_')}`)
    .argParser(numberWithin(least, most, unit))
    .default(value);
}

function limitsOf(options: PortalLimits): PortalLimits {
  const names = Object.keys(LIMITS) as LimitName[];
  return Object.fromEntries(names.map((name) => [name, options[name]])) as Record<LimitName, number>;
}
