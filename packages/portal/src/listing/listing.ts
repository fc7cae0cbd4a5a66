import { discoverServices, type BusConnection } from '@katbus/bus/nats';
import { listSubject, SchemaError, SUBJECTS, type ListingRequest, type ListParams } from '@katbus/protocol';
import type { KnownPresence } from '../current-values/known-presence.ts';
import type { PortalLimits } from '../limits.ts';
import type { Filters } from '../filters/filters.ts';
import { requestError } from '../rpc/errors.ts';
import { checkOwner } from '../store-client.ts';
import type { KnownComponents } from './known-components.ts';
import { ListedSensors } from './listed-sensors.ts';
import { ListingAnswers, type TakeEntries } from './listing-answers.ts';
import { ListingMemory } from './listing-memory.ts';
import { ListingRounds } from './listing-rounds.ts';

export interface ListingOptions {
  readonly connection: BusConnection;
  readonly archived: KnownComponents;
  /** Those that are known to be gone are not waited for. */
  readonly presence: Pick<KnownPresence, 'isGone' | 'isForgotten'>;
  readonly filters: Filters;
  readonly limits: Pick<PortalLimits, 'listStallMs' | 'listBytes' | 'listingsBytes'>;
  /** Told of answers that cannot be read. */
  readonly onMalformed: (reason: string) => void;
}

/** What the server answers when nobody subscribes. */
const NO_RESPONDERS = 503;

/** Asks the components themselves which sensors there are ("Listing of sensors", Joubert & Slabber, ICALEPCS 2017). */
export class Listing {
  readonly #options: ListingOptions;
  readonly #memory: ListingMemory;
  readonly #rounds = new ListingRounds<ListedSensors>();

  constructor(options: ListingOptions) {
    this.#options = options;
    this.#memory = new ListingMemory(options.limits.listingsBytes);
  }

  /** What all listings that are under way take. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  /** The answer, which others may share: whoever gets it releases it. @throws {RequestError} */
  list({ readings = false, ...which }: ListParams): Promise<ListedSensors> {
    const key = JSON.stringify([which.component, which.filter, readings]);
    return this.#rounds.ask(key, async (askers) => {
      const listed = new ListedSensors(this.#memory, this.#options.limits.listBytes, readings);
      try {
        const absent = await this.visit(which, (...entries) => listed.add(...entries));
        listed.complete(absent, askers());
        return listed;
      } catch (error) {
        listed.release();
        throw error;
      }
    });
  }

  /**
   * The same sensors, in no order, as their components answer.
   * @returns the components that are known and did not answer
   * @throws {RequestError}
   */
  async visit(
    { component, filter }: Pick<ListParams, 'component' | 'filter'>,
    take: TakeEntries,
  ): Promise<readonly string[]> {
    if (component !== undefined) checkOwner(component);
    const { remote, select } = this.#options.filters.read(filter);
    const answers = new ListingAnswers({ memory: this.#memory, select, take });
    const request: ListingRequest = remote === undefined ? {} : { filter: remote };
    try {
      const known =
        component === undefined ? () => this.#knownComponents(answers) : () => Promise.resolve([component]);
      await this.#ask(
        component === undefined ? SUBJECTS.listEverySensor : listSubject(component),
        request,
        answers,
        known,
      );
      return answers.absent();
    } catch (error) {
      throw requestError(error);
    } finally {
      answers.close();
    }
  }

  /** Ends when all who are known have answered, or `listStallMs` after the last answer. */
  async #ask(
    subject: string,
    request: ListingRequest,
    answers: ListingAnswers,
    known: () => Promise<Iterable<string>>,
  ): Promise<void> {
    const { connection, limits, onMalformed } = this.#options;
    const ended = Promise.withResolvers<void>();
    const inbox = connection.newInbox();
    const stall = setTimeout(() => ended.resolve(), limits.listStallMs);
    const undo = connection.subscribe(inbox, (message) => {
      stall.refresh();
      if (message.status === NO_RESPONDERS) {
        ended.resolve();
        return;
      }
      answers.take(message.data).then(
        () => {
          stall.refresh();
          if (answers.areComplete) ended.resolve();
        },
        (error: unknown) => {
          if (error instanceof SchemaError) onMalformed(error.message);
          else ended.reject(error);
        },
      );
    });
    try {
      connection.publish(subject, JSON.stringify(request), { reply: inbox });
      const expected = known().then((components) => {
        answers.expect(components);
        if (answers.areComplete) ended.resolve();
      });
      await Promise.all([ended.promise, expected]);
    } finally {
      undo();
      clearTimeout(stall);
    }
  }

  /** Components that run, and those of which the archive knows sensors; of them not those that are known to be gone: they are `absent`. */
  async #knownComponents(answers: ListingAnswers): Promise<Iterable<string>> {
    const { connection, archived, presence } = this.#options;
    const [services, names] = await Promise.all([discoverServices(connection), archived.read()]);
    const running = services.filter(({ metadata }) => metadata.katbus === 'component');
    const [gone, expected] = [new Array<string>(), new Array<string>()];
    for (const name of names) (presence.isGone(name) ? gone : expected).push(name);
    answers.knowGone(gone.filter((name) => !presence.isForgotten(name)));
    return [...running.map(({ name }) => name), ...expected];
  }
}
