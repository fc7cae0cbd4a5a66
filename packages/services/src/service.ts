import type { BusConnection } from '@katbus/bus/nats';
import type { Logger } from '@katbus/bus/daemon';

/** What a service is given to run on. */
export interface ServiceContext {
  readonly connection: BusConnection;
  readonly logger: Logger;
}

/** One of the services that `katbus services` runs: a folder each, a NATS micro service each. */
export interface Service {
  /** As `nats micro ls` shows it. */
  readonly name: string;
  start(context: ServiceContext): Promise<RunningService>;
}

export interface RunningService {
  /** Why it does not do its work now, or undefined when it does. */
  readiness(): string | undefined;
  stop(): Promise<void>;
}
