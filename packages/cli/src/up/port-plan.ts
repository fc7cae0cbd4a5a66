import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { CliError } from '../cli-error.ts';

/** Everything on this machine that `katbus up` starts listens here, and nowhere else. */
export const LISTEN_HOST = '127.0.0.1';

/** The ports of `katbus up`: for whom each is, what it is by default, and the option that changes it. */
export const PORTS = {
  nats: { what: 'nats-server', standard: 4222, option: '--nats-port', env: 'KATBUS_NATS_PORT' },
  natsMonitoring: {
    what: "nats-server's monitoring",
    standard: 8222,
    option: '--nats-monitoring-port',
    env: 'KATBUS_NATS_MONITORING_PORT',
  },
  portal: { what: 'the portal', standard: 8090, option: '--portal-port', env: 'KATBUS_PORTAL_PORT' },
  store: {
    what: "the store's monitoring",
    standard: 8091,
    option: '--store-monitoring-port',
    env: 'KATBUS_STORE_MONITORING_PORT',
  },
  services: {
    what: "the services' monitoring",
    standard: 8093,
    option: '--services-monitoring-port',
    env: 'KATBUS_SERVICES_MONITORING_PORT',
  },
  host: {
    what: "the host component's monitoring",
    standard: 8094,
    option: '--host-monitoring-port',
    env: 'KATBUS_HOST_MONITORING_PORT',
  },
  telescope: {
    what: "the telescope's monitoring",
    standard: 8095,
    option: '--telescope-monitoring-port',
    env: 'KATBUS_TELESCOPE_MONITORING_PORT',
  },
} as const;
export type PortName = keyof typeof PORTS;
export type PortPlan = Readonly<Record<PortName, number>>;

export const PORT_NAMES = Object.keys(PORTS) as PortName[];
const HIGHEST_FIRST = 65_536 - PORT_NAMES.length;

/**
 * The ports to use, checked to be free; 0 becomes any free one.
 * @param given what the options say; absent ones take the default
 * @param first of `--ports-from`: the ports are this and those that follow; 0: any free ones; undefined: the defaults
 * @param unused ports that nothing will listen on, which need not be free
 * @throws {CliError} naming each port in use and the option that changes it; when there are not enough ports after `first`
 */
export async function planPorts(
  given: Readonly<Partial<Record<PortName, number>>>,
  first: number | undefined,
  unused: readonly PortName[] = [],
): Promise<PortPlan> {
  if (first !== undefined && first > HIGHEST_FIRST) {
    throw new CliError(
      `--ports-from ${first}: ${PORT_NAMES.length} ports follow each other from there, so it is at most ${HIGHEST_FIRST}`,
    );
  }
  const plan: Partial<Record<PortName, number>> = {};
  const inUse: PortName[] = [];
  // Held until all are chosen, so that no port is chosen twice.
  const held: Server[] = [];
  try {
    for (const [place, name] of PORT_NAMES.entries()) {
      const wanted =
        given[name] ?? (first === undefined ? PORTS[name].standard : first === 0 ? 0 : first + place);
      plan[name] = wanted;
      if (unused.includes(name)) continue;
      const server = await heldPort(wanted);
      if (server === undefined) {
        inUse.push(name);
      } else {
        held.push(server);
        plan[name] = (server.address() as AddressInfo).port;
      }
    }
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
  if (inUse.length > 0) throw new CliError(inUseText(inUse, plan as PortPlan));
  return plan as PortPlan;
}

function inUseText(inUse: readonly PortName[], plan: PortPlan): string {
  const ports = inUse.map((name) => `port ${plan[name]} (${PORTS[name].what}; ${PORTS[name].option})`);
  const one = inUse.length === 1;
  const instead = inUse.includes('nats')
    ? `, or use the nats-server that runs there with --nats nats://${LISTEN_HOST}:${plan.nats}`
    : '';
  return (
    `${ports.join(', ')} ${one ? 'is' : 'are'} in use on ${LISTEN_HOST}: stop the ${one ? 'program' : 'programs'} there ` +
    `(another katbus up?), choose ${one ? 'another port with that option' : 'other ports with these options'} ` +
    `or --ports-from${instead}`
  );
}

/** @param wanted 0: any free one @returns undefined when it is in use @throws {CliError} when it may not be used */
async function heldPort(wanted: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(wanted, LISTEN_HOST);
    await once(server, 'listening');
    return server;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return undefined;
    throw new CliError(`port ${wanted} on ${LISTEN_HOST} cannot be used: ${message}`, { cause: error });
  }
}
