import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NatsServerStartError } from './errors.ts';
import { findNatsServer } from './find-nats-server.ts';
import { readPortsFile } from './ports-file.ts';
import type { ServerPorts } from './ports-file.ts';
import { natsServerSettings } from './server-options.ts';
import type { NatsServerOptions, NatsServerSettings } from './server-options.ts';
import { ServerProcess } from './server-process.ts';
import type { NatsServerExit } from './server-process.ts';
import { pidFile, storeOwner } from './store-owner.ts';

/** A nats-server that answers, with JetStream. It ends with this process, even when that is killed. */
export interface RunningNatsServer extends ServerPorts {
  readonly pid: number;
  readonly storeDirectory: string;
  /** Settles when the process is gone, for whatever reason; never rejects. */
  readonly exited: Promise<NatsServerExit>;
  /** Ends it gracefully (it writes its state); kills it after `stopTimeoutMs`. */
  stop(): Promise<NatsServerExit>;
  /** SIGKILL: what a crash does. */
  kill(): Promise<NatsServerExit>;
}

/**
 * Starts a nats-server and waits until JetStream answers.
 * @throws {NatsServerStartError} in one line; with `PORT_IN_USE` it has the port and the name of its option
 * @throws {NatsServerNotFoundError}
 */
export async function startNatsServer(options: NatsServerOptions): Promise<RunningNatsServer> {
  const settings = natsServerSettings(options);
  const storeDirectory = resolve(settings.storeDirectory);
  const binary = settings.binary ?? (await findNatsServer({ onProgress: settings.onProgress })).path;
  await mkdir(storeDirectory, { recursive: true });
  const owner = await storeOwner(storeDirectory);
  if (owner !== undefined) {
    const message = `${storeDirectory} is in use by the nats-server with process number ${owner}`;
    throw new NatsServerStartError('STORE_IN_USE', message, []);
  }
  const portsFolder = await mkdtemp(join(tmpdir(), 'katbus-ports-'));
  const server = new ServerProcess(
    binary,
    serverArguments(settings, storeDirectory, portsFolder),
    settings.onLogLine,
  );
  // Not before: at its end the server itself removes its file from there, and complains when it cannot.
  const exited = server.exited.then(async (exit) => {
    await rm(portsFolder, { recursive: true, force: true });
    return exit;
  });
  const stop = (end: Promise<NatsServerExit>) => end.then(() => exited);
  try {
    const ports = await ready(server, portsFolder, settings);
    return {
      ...ports,
      pid: server.pid ?? 0,
      storeDirectory,
      exited,
      stop: () => stop(server.stop(settings.stopTimeoutMs)),
      kill: () => stop(server.kill()),
    };
  } catch (error) {
    await stop(server.kill());
    throw error;
  }
}

function serverArguments(
  settings: NatsServerSettings,
  storeDirectory: string,
  portsFolder: string,
): readonly string[] {
  // The server's own word for "any free one" is -1; it picks and binds in one step, so nothing can come between.
  const [port, monitoringPort] = [settings.port, settings.monitoringPort].map((number) => number || -1);
  return [
    ...['--config', settings.configFile, '--port', String(port), '--http_port', String(monitoringPort)],
    ...['--store_dir', storeDirectory, '--pid', pidFile(storeDirectory), '--ports_file_dir', portsFolder],
    ...settings.extraArguments,
  ];
}

async function ready(
  server: ServerProcess,
  portsFolder: string,
  settings: NatsServerSettings,
): Promise<ServerPorts> {
  const deadline = performance.now() + settings.readyTimeoutMs;
  while (performance.now() < deadline) {
    if (server.hasExited) throw startError(server, settings);
    const ports = await readPortsFile(portsFolder);
    if (ports !== undefined && (await isHealthy(ports.monitoringUrl))) return ports;
    await delay(10);
  }
  const message = `nats-server was not ready after ${settings.readyTimeoutMs} ms`;
  throw new NatsServerStartError('NOT_READY_IN_TIME', message, server.log);
}

/** The server answers 503 there until JetStream has read its store. */
async function isHealthy(monitoringUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(`${monitoringUrl}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

function startError(server: ServerProcess, settings: NatsServerSettings): NatsServerStartError {
  const { log, spawnError } = server;
  if (spawnError !== undefined) {
    const message = `nats-server did not start: ${spawnError.message}`;
    return new NatsServerStartError('NOT_STARTED', message, log, { cause: spawnError });
  }
  const fatal =
    log.find((line) => line.includes('[FTL]')) ?? log.findLast((line) => line !== '') ?? 'it printed nothing';
  // The first wording is that of Unix, the second that of Windows.
  if (/address already in use|only one usage of each socket address/i.test(fatal)) {
    const option = fatal.includes('monitor') ? 'monitoringPort' : 'port';
    const detail = { option, port: settings[option] } as const;
    return new NatsServerStartError(
      'PORT_IN_USE',
      `port ${detail.port} is in use (option ${option})`,
      log,
      detail,
    );
  }
  const said = fatal.replace(/^\[\d+\] \S+ \S+ \[\w+\] /, '');
  return new NatsServerStartError('EXITED_AT_START', `nats-server ended at its start: ${said}`, log);
}
