import type { Logger } from '@katbus/bus/daemon';
import {
  BusService,
  discoverServices,
  lastValues,
  STREAMS,
  type BusConnection,
  type BusMessage,
  type Lease,
} from '@katbus/bus/nats';
import {
  PRESENCE_SUBJECTS,
  SUBJECTS,
  type ComponentPresence,
  type ForgetRequest,
  type PresenceList,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { PresenceRequestError } from './presence-error.ts';
import { PresencePublisher } from './presence-publisher.ts';
import type { PresenceTime } from './presence-record.ts';
import type { PresenceTable } from './presence-table.ts';

export interface LeaderParts {
  readonly connection: BusConnection;
  readonly logger: Logger;
  readonly lease: Pick<Lease, 'held'>;
  readonly table: PresenceTable;
  readonly options: { readonly discoverSeconds: number; readonly graceSeconds: number };
  readonly now: () => PresenceTime;
}

const RETRY_MS = 1_000;

/** What only the elected presence service does: it reads what was told before it, tells what has changed, and answers requests. */
export class PresenceLeader {
  readonly #parts: LeaderParts;
  readonly #publisher: PresencePublisher;
  #service: BusService | undefined;
  #discovery: NodeJS.Timeout | undefined;
  #state: 'serving' | 'stopped' = 'serving';
  #trouble = '';
  #started: Promise<void> | undefined;

  constructor(parts: LeaderParts) {
    const { connection, table, lease } = parts;
    this.#parts = parts;
    this.#publisher = new PresencePublisher({
      connection,
      presenceOf: (component) => table.get(component),
      mayPublish: () => lease.held && this.#state === 'serving',
      onTrouble: (error) => this.#warn(error),
    });
  }

  start(): void {
    this.#started = this.#takeOverAtLast();
  }

  /** Resolves when it has taken over from the one before, or is stopped. Trouble is told and tried again. */
  async #takeOverAtLast(): Promise<void> {
    for (;;) {
      try {
        await this.#takeOver();
        return;
      } catch (error) {
        if (this.#isStopped()) return;
        this.#warn(error);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      if (this.#isStopped()) return;
    }
  }

  changed(component: string): void {
    this.#publisher.changed(component);
  }

  async stop(): Promise<void> {
    await this.#publisher.settled();
    this.#state = 'stopped';
    this.#publisher.stop();
    await this.#started;
    clearInterval(this.#discovery);
    await this.#service?.stop();
  }

  async #takeOver(): Promise<void> {
    const { connection, table, options, now } = this.#parts;
    const told = await this.#readTold();
    const { steadyMs, seconds } = now();
    // What is told anew although nothing has changed would look like news to everybody.
    for (const { component } of table.list()) if (!told.has(component)) this.changed(component);
    for (const presence of told.values())
      table.recall(presence, seconds, steadyMs + 1000 * options.graceSeconds);
    this.#service = await BusService.start(connection, {
      name: 'presence',
      version: '0.1.0',
      description: 'Which components are there',
      metadata: { katbus: 'service' },
      endpoints: [
        { name: 'list', subject: PRESENCE_SUBJECTS.list, handler: () => this.#list() },
        { name: 'forget', subject: PRESENCE_SUBJECTS.forget, handler: (message) => this.#forget(message) },
      ],
    });
    await this.#discover();
    this.#discovery = setInterval(() => void this.#discover(), 1000 * options.discoverSeconds);
  }

  /** What an earlier one has told, by component. */
  async #readTold(): Promise<Map<string, ComponentPresence>> {
    const { connection, logger } = this.#parts;
    const told = new Map<string, ComponentPresence>();
    for (const { data, subject } of await lastValues(connection, STREAMS.state, [
      SUBJECTS.componentPresence,
    ])) {
      try {
        const presence = parseRequest<ComponentPresence>('componentPresence', data);
        told.set(presence.component, presence);
      } catch (error) {
        logger.warn(`presence: ${subject} in the stream is passed over: ${(error as Error).message}`);
      }
    }
    return told;
  }

  /** Components that send no heartbeats are known by their micro service. */
  async #discover(): Promise<void> {
    const { connection, table, options, now } = this.#parts;
    // An answer tells of when it was asked for: whoever answers last keeps the others waiting.
    const time = now();
    try {
      for (const { name, version, metadata } of await discoverServices(connection)) {
        if (metadata.katbus !== 'component') continue;
        const { instance } = metadata;
        const heartbeat = {
          component: name,
          time: time.seconds,
          intervalSeconds: options.discoverSeconds,
          version,
          ...(instance !== undefined && { instance }),
        };
        table.beat(heartbeat, time, 'ping');
      }
    } catch (error) {
      this.#warn(error);
    }
  }

  #list(): PresenceList {
    return { components: this.#parts.table.list() };
  }

  /** @throws {SchemaError} @throws {PresenceRequestError} */
  async #forget({ data }: BusMessage): Promise<ComponentPresence> {
    const { table, now } = this.#parts;
    const { component } = parseRequest<ForgetRequest>('forgetRequest', data);
    const presence = table.forget(component, now().seconds);
    if (presence === undefined)
      throw new PresenceRequestError('NOT_FOUND', `no component ${component} was ever heard of`);
    if (presence.state !== 'forgotten')
      throw new PresenceRequestError('COMPONENT_PRESENT', `${component} is ${presence.state}: stop it first`);
    await this.#publisher.settled();
    return presence;
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  #warn(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (text !== this.#trouble && !this.#isStopped()) this.#parts.logger.warn(`presence: ${text}`);
    this.#trouble = text;
  }
}
