import { DEFAULT_NATS_URL } from '@katbus/bus';
import { withoutLogins } from '@katbus/bus/nats';
import { join } from 'node:path';
import { note } from '../output/standard-output.ts';
import { DaemonPart } from './daemon-part.ts';
import { Keeper } from './keeper.ts';
import { LogPrinter } from './log-printer.ts';
import { NatsServerPart } from './nats-server-part.ts';
import type { Part, PartEndedError } from './part.ts';
import { LISTEN_HOST, PORTS, type PortPlan } from './port-plan.ts';

export interface UpSettings {
  readonly ports: PortPlan;
  /** The nats-server to use and, where it is known, its monitoring; undefined: one of our own is started. */
  readonly nats: { readonly url: string; readonly monitoringUrl: string | undefined } | undefined;
  /** Antennas of the simulated telescope; undefined: there is none. */
  readonly receptors: number | undefined;
  /** Folder for everything that is kept. */
  readonly data: string;
  readonly logLevel: string;
}

/** Why it ends: somebody wants it to, or a part cannot be kept running. */
type End = { readonly signal: NodeJS.Signals } | { readonly part: Part; readonly error: PartEndedError };

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Brings everything up, in order, and keeps it up until a signal says to stop. A second signal kills.
 * @returns the exit code: 0 when it was stopped, 1 when a part could not be kept running
 */
export async function up(settings: UpSettings): Promise<number> {
  const printer = new LogPrinter((line) => process.stdout.write(`${line}\n`), settings.logLevel === 'debug');
  const keepers = partsOf(settings, printer).map(
    (part) => new Keeper(part, (level, line) => printer.print(part.name, level, line)),
  );
  printer.print('up', 'info', portsLine(settings));
  const end = Promise.withResolvers<End>();
  const stopListening = onSignals((signal, count) => {
    if (count === 1) {
      end.resolve({ signal });
      return;
    }
    note('killed');
    for (const keeper of keepers) keeper.kill();
    process.exit(1);
  });
  try {
    void startAll(keepers, end).then((isUp) => isUp && sayWhereToLook(settings));
    const why = await end.promise;
    if ('error' in why) printer.print(why.part.name, 'error', `cannot be kept running: ${why.error.message}`);
    printer.print(
      'up',
      'info',
      'signal' in why ? `stopping (${why.signal}); once more kills` : 'stopping the rest',
    );
    for (const keeper of keepers.toReversed()) await keeper.stop();
    printer.print('up', 'info', 'stopped');
    return 'error' in why ? 1 : 0;
  } finally {
    stopListening();
  }
}

/** One after the other, because each needs those before it. @returns whether all are up */
async function startAll(keepers: readonly Keeper[], end: PromiseWithResolvers<End>): Promise<boolean> {
  let hasEnded = false;
  void end.promise.then(() => (hasEnded = true));
  for (const keeper of keepers) {
    try {
      await keeper.start((error) => end.resolve({ part: keeper.part, error }));
    } catch {
      return false; // it was given up, and said so
    }
    if (hasEnded) return false;
  }
  return true;
}

function partsOf({ ports, nats, receptors, data, logLevel }: UpSettings, printer: LogPrinter): Part[] {
  const { url: natsUrl, monitoringUrl } = nats ?? {
    url: `nats://${LISTEN_HOST}:${ports.nats}`,
    monitoringUrl: `http://${LISTEN_HOST}:${ports.natsMonitoring}`,
  };
  const daemon = (name: string, port: number, ...more: string[]) =>
    new DaemonPart({
      name,
      arguments: ['--nats', natsUrl, '--log-format', 'json', '--log-level', logLevel, ...more],
      readyUrl: `http://${LISTEN_HOST}:${port}/readyz`,
      onLine: (line) => printer.printDaemonLine(name, line),
      onSlow: (reason) => printer.print(name, 'warn', `takes long to be ready: ${reason}`),
    });
  const monitored = (name: 'store' | 'services' | 'host' | 'telescope', ...more: string[]) =>
    daemon(name, ports[name], '--monitoring-port', String(ports[name]), ...more);
  const server = new NatsServerPart({
    port: ports.nats,
    monitoringPort: ports.natsMonitoring,
    storeDirectory: join(data, 'nats'),
    onLine: (line) => printer.printNatsLine(line),
    onProgress: (line) => printer.print('nats-server', 'info', line),
  });
  return [
    ...(nats === undefined ? [server] : []),
    monitored('store', ...['--data', join(data, 'store')], '--nats-monitoring', monitoringUrl ?? 'none'),
    monitored('services'),
    daemon('portal', ports.portal, '--port', String(ports.portal)),
    monitored('host', '--nats-monitoring', monitoringUrl ?? 'none'),
    // Last: who only wants the bus has it before a thousand sensors are made.
    ...(receptors === undefined ? [] : [monitored('telescope', '--receptors', String(receptors))]),
  ];
}

function shownUrl(nats: UpSettings['nats']): string | undefined {
  return nats === undefined ? undefined : withoutLogins(nats.url);
}

function portsLine({ ports, nats, receptors, data }: UpSettings): string {
  const server = shownUrl(nats) ?? `nats://${LISTEN_HOST}:${ports.nats} (monitoring ${ports.natsMonitoring})`;
  const telescope = receptors === undefined ? [] : (['telescope'] as const);
  const names = ['portal', 'store', 'services', 'host', ...telescope] as const;
  const others = names.map((name) => `${name} ${ports[name]}`);
  return `nats-server ${server}, ${others.join(', ')}; data in ${data}`;
}

function sayWhereToLook({ ports, nats }: UpSettings): void {
  const url = `http://${LISTEN_HOST}:${ports.portal}`;
  const portal = ports.portal === PORTS.portal.standard ? '' : ` --portal ${url}`;
  const natsUrl = shownUrl(nats) ?? `nats://${LISTEN_HOST}:${ports.nats}`;
  const server = natsUrl === DEFAULT_NATS_URL ? '' : ` --nats ${natsUrl}`;
  process.stdout.write(
    `\nKatbus is up: open ${url} · Ctrl-C stops it · in another terminal: ` +
      `npx katbus status${portal}${server}, npx katbus ls${portal}\n\n`,
  );
}

/** npm may pass on a Ctrl-C that the terminal has sent to us as well: what comes so soon after is the same one. */
const SAME_SIGNAL_MS = 300;

/** @param onSignal told the signal, and how many there have been @returns the undo */
function onSignals(onSignal: (signal: NodeJS.Signals, count: number) => void): () => void {
  let count = 0;
  let lastMs = -Infinity;
  const listener = (signal: NodeJS.Signals) => {
    if (performance.now() - lastMs < SAME_SIGNAL_MS) return;
    lastMs = performance.now();
    count += 1;
    onSignal(signal, count);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
