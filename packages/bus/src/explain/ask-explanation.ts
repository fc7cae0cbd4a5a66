import {
  explainSubject,
  isToken,
  MalformedNameError,
  type Explanation,
  type ExplanationRequest,
} from '@katbus/protocol';
import {
  callService,
  discoverServices,
  NoResponderError,
  RequestTimeoutError,
  ServiceCallError,
  type BusConnection,
} from '../nats/index.ts';

const ANSWER_WITHIN_MS = 2_000;

/** Nobody can explain this sensor; the message says why, and what can be done. */
export class ExplanationError extends Error {
  readonly code = 'EXPLANATION';
  readonly field = 'sensor';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ExplanationError';
  }
}

/** What a request asks for beside the sensor. */
export type ExplanationWishes = Omit<ExplanationRequest, 'sensor'>;

/**
 * Asks a sensor's component what its throttle does.
 * @param name `<component>.<sensor>`, the KATCP name, or the joined name of samples (`wx_station_wind_speed`)
 * @throws {ExplanationError} when there is no such sensor, its component does not answer, or the joined name fits several
 */
export async function askExplanation(
  connection: BusConnection,
  name: string,
  wishes: ExplanationWishes = {},
): Promise<Explanation> {
  const dot = name.indexOf('.');
  if (dot < 0) return askJoined(connection, name, wishes);
  const [component, sensor] = [name.slice(0, dot), name.slice(dot + 1)];
  if (!isToken(component) || sensor === '')
    throw new MalformedNameError('sensor', name, 'write <component>.<sensor>, for example host.cpu_load');
  return ask(connection, component, sensor, wishes);
}

async function ask(
  connection: BusConnection,
  component: string,
  sensor: string,
  wishes: ExplanationWishes,
): Promise<Explanation> {
  const request: ExplanationRequest = { sensor, ...wishes };
  try {
    const timeoutMs = ANSWER_WITHIN_MS;
    return (await callService(connection, explainSubject(component), request, { timeoutMs })) as Explanation;
  } catch (error) {
    if (error instanceof NoResponderError) {
      const isThere = (await discoverServices(connection, { name: component })).length > 0;
      throw new ExplanationError(
        isThere
          ? `component ${component} is on the bus, but it does not explain its sensors (it serves no rpc.explain.${component})`
          : `component ${component} is not on the bus: only a running component can explain its sensors`,
        { cause: error },
      );
    }
    if (error instanceof RequestTimeoutError) {
      throw new ExplanationError(
        `component ${component} did not answer within ${ANSWER_WITHIN_MS / 1000} s`,
        {
          cause: error,
        },
      );
    }
    if (error instanceof ServiceCallError) throw new ExplanationError(error.message, { cause: error });
    throw error;
  }
}

/** The joined name does not say where the component ends: each one is asked whose name it may begin with. */
async function askJoined(
  connection: BusConnection,
  name: string,
  wishes: ExplanationWishes,
): Promise<Explanation> {
  const services = await discoverServices(connection);
  const components = new Set(
    services
      .filter((service) => service.metadata.katbus === 'component' && name.startsWith(`${service.name}_`))
      .map((service) => service.name),
  );
  const answers = await Promise.all(
    [...components].map((component) =>
      ask(connection, component, name.slice(component.length + 1), wishes).catch((error: unknown) => {
        if (error instanceof ExplanationError) return undefined;
        throw error;
      }),
    ),
  );
  const found = answers.filter((answer) => answer !== undefined);
  const [only] = found;
  if (found.length > 1) {
    const names = found.map(({ component, sensor }) => `${component}.${sensor}`).join(' and ');
    throw new ExplanationError(`"${name}" may be ${names}: write one of these`);
  }
  if (only === undefined)
    throw new ExplanationError(`no component on the bus has a sensor "${name}": write <component>.<sensor>`);
  return only;
}
