import { Broker } from '@katbus/bus';
import type { DaemonContext, RunningDaemon } from '@katbus/bus/daemon';
import type { FaultNews } from './faults.ts';
import { registerTelescopeMetrics } from './telescope-metrics.ts';
import { TelescopeModel, type ModelComponent, type TelescopeSettings } from './telescope-model.ts';
import { Telescope } from './telescope.ts';

export interface TelescopeDaemonOptions extends TelescopeSettings {
  /** URLs of nats-server, separated by commas. */
  readonly nats: string;
  /** How often each sensor is read, per second. */
  readonly rate: number;
  /** How much faster than real time the sky turns, the weather changes and faults happen. */
  readonly speed: number;
  /** Whether to take the components' names from a process that has them. */
  readonly takeover?: boolean;
}

/** A component that loses power does not wait long for acknowledgements. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Joins the bus as all components of a simulated array.
 * @throws {SensorCountError}
 */
export function startTelescopeDaemon(
  options: TelescopeDaemonOptions,
  { logger, registry }: DaemonContext,
): RunningDaemon {
  const tell = ({ kind, change, text }: FaultNews) => {
    if (kind === 'spike') return; // over before anybody has read it
    logger.info(change === 'began' ? `fault: ${text}` : `no more: ${text}`);
  };
  const model = new TelescopeModel(options, Date.now() / 1000, tell);
  const connect = ({ name, description }: ModelComponent) =>
    Broker.connect({
      component: name,
      servers: options.nats,
      description,
      version: '0.1.0',
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      takeover: options.takeover ?? false,
      waitOnFirstConnect: true,
      onWaiting: (line) => logger.warn(line),
    });
  const telescope = new Telescope({ model, connect, logger, rate: options.rate, speed: options.speed });
  registerTelescopeMetrics(registry, telescope, model);
  const failed = Promise.withResolvers<void>();
  telescope.joined.then(() => {
    const { components, sensorCount } = model;
    logger.info(
      `publishes ${sensorCount} sensors of ${components.length} components, each read ${options.rate} times a second; ` +
        `faults ${options.faults === 0 ? 'never happen' : 'happen'}, seed ${options.seed}`,
    );
  }, failed.reject);
  telescope.nameLost.catch(failed.reject);
  return {
    readiness: () => telescope.reason,
    stop: () => telescope.stop(),
    ended: failed.promise,
  };
}
