import { collectDefaultMetrics, Registry } from 'prom-client';
import { createLogger, type Logger } from './logger.ts';
import { MonitoringServer } from './monitoring-server.ts';
import type { DaemonOptions } from './options.ts';

/** What a daemon is given to start with. */
export interface DaemonContext {
  readonly logger: Logger;
  /** Its metrics; the process's own are in it. */
  readonly registry: Registry;
  /** Tells `/readyz` what the start waits for, until it has resolved. */
  readonly starting: (reason: string) => void;
}

/** What a daemon gives back when it has started. */
export interface RunningDaemon {
  /** Why it does not do its work now, or undefined when it does. */
  readiness(): string | undefined;
  /** Drains and releases everything; what it has taken in is not lost. */
  stop(): Promise<void>;
  /** Settles when the daemon ends by itself; a rejection is fatal. */
  readonly ended?: Promise<void>;
}

export const EXIT_CODES = { stopped: 0, failed: 1, stuck: 3 } as const;

const STARTING = 'starting';

/** How long a graceful stop may take before the process leaves anyway. */
const STOP_DEADLINE_MS = 15_000;

/**
 * Runs one daemon as this process: logs, metrics, and a graceful stop on SIGINT, SIGTERM or when the parent that
 * started it over IPC goes away. The process exits with one of {@link EXIT_CODES}; a failure is one clear log line.
 */
export async function runDaemon(
  name: string,
  options: DaemonOptions,
  start: (context: DaemonContext) => Promise<RunningDaemon>,
): Promise<void> {
  const logger = createLogger({ name, level: options.logLevel, format: options.logFormat });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const fail = (error: unknown): never => {
    logger.fatal({ err: logger.isLevelEnabled('debug') ? error : undefined }, messageOf(error));
    process.exit(EXIT_CODES.failed);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  const stopWanted = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
    // The parent that started us over IPC has died: nobody would stop us otherwise.
    process.on('disconnect', () => resolve('the parent process is gone'));
  });

  let daemon: RunningDaemon | undefined;
  let monitoring: MonitoringServer | undefined;
  let waitsFor = STARTING;
  try {
    // Before the start: what that waits for may be away for long, and whoever watches is to know.
    if (options.monitoringPort !== undefined) {
      monitoring = await MonitoringServer.start({
        host: options.monitoringHost,
        port: options.monitoringPort,
        registry,
        readiness: () => (daemon === undefined ? waitsFor : daemon.readiness()),
      });
    }
    const starting = (reason: string) => {
      waitsFor = `${STARTING}: ${reason}`;
    };
    const started = await Promise.race([start({ logger, registry, starting }), stopWanted]);
    if (typeof started === 'string') process.exit(EXIT_CODES.stopped);
    daemon = started;
    const reason = await Promise.race([stopWanted, daemon.ended?.then(() => 'it has ended') ?? stopWanted]);
    logger.info(`stopping: ${reason}`);
  } catch (error) {
    fail(error);
  }
  setTimeout(() => {
    logger.error(`did not stop within ${STOP_DEADLINE_MS / 1000} s: leaving`);
    process.exit(EXIT_CODES.stuck);
  }, STOP_DEADLINE_MS).unref();
  try {
    await daemon?.stop();
    await monitoring?.stop();
  } catch (error) {
    fail(error);
  }
  logger.info('stopped');
  process.exit(EXIT_CODES.stopped);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
