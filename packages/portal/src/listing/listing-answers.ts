import { LoopTurns } from '@katbus/bus/daemon';
import type { ListingChunk, ListingEntry, ServiceErrorAnswer } from '@katbus/protocol';
import { parseRequest, validate } from '@katbus/protocol/schemas';
import type { RequestFilter } from '../filters/filters.ts';
import { RequestError } from '../rpc/errors.ts';
import type { ListingMemory } from './listing-memory.ts';

/** Takes what matches of one component's chunk, in turns of the loop. */
export type TakeEntries = (
  component: string,
  entries: readonly ListingEntry[],
  turns: LoopTurns,
) => Promise<void> | void;

export interface ListingAnswersOptions {
  /** For chunks that wait to be read. */
  readonly memory: ListingMemory;
  /** What is left of the filter to be done here. */
  readonly select: RequestFilter['select'];
  readonly take: TakeEntries;
}

/** What components have answered to one list request so far. Answers are read in turns, one after the other, in the order in which they came. */
export class ListingAnswers {
  readonly #options: ListingAnswersOptions;
  readonly #expected = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #complete = new Set<string>();
  /** A chunk is read in one go, in some milliseconds: it is begun only in a turn that has hardly begun itself. */
  readonly #turns = new LoopTurns({ mostMs: 1 });
  #last: Promise<unknown> = Promise.resolve();
  #knowsAll = false;
  #isClosed = false;
  #hasEntries = false;
  /** Why a component could not use the filter. */
  #filterFault: string | undefined;

  constructor(options: ListingAnswersOptions) {
    this.#options = options;
  }

  /** These are all the components that should answer; others may. */
  expect(components: Iterable<string>): void {
    for (const component of components) this.#expected.add(component);
    this.#knowsAll = true;
  }

  /** These will not answer, and are not waited for. */
  knowGone(components: Iterable<string>): void {
    for (const component of components) this.#gone.add(component);
  }

  /** Where nobody is known to be there, somebody may still be, too busy to say so. */
  get areComplete(): boolean {
    return this.#knowsAll && this.#expected.size > 0 && this.#unanswered(this.#expected).length === 0;
  }

  /**
   * @throws {RequestError} when too much is under way, or the filter takes too long; whatever `take` throws
   * @throws {SchemaError} when this is no chunk
   */
  async take(data: Uint8Array): Promise<void> {
    const { memory } = this.#options;
    memory.take(data.length);
    const reading = this.#last.then(() => this.#takeInTurn(data)).finally(() => memory.giveBack(data.length));
    this.#last = reading.catch(() => undefined);
    await reading;
  }

  /** What comes from now on, or waits, is too late. */
  close(): void {
    this.#isClosed = true;
  }

  /** Those who are known and did not answer. @throws {RequestError} when no component could use the filter */
  absent(): readonly string[] {
    if (!this.#hasEntries && this.#filterFault !== undefined)
      throw new RequestError('invalidParams', this.#filterFault, 'filter');
    return this.#unanswered(new Set([...this.#expected, ...this.#gone])).sort();
  }

  async #takeInTurn(data: Uint8Array): Promise<void> {
    const { select, take } = this.#options;
    if (this.#isClosed) return;
    if (this.#turns.isOver) await this.#turns.next();
    const { component, sensors, last } = this.#read(data);
    const kept = select === undefined ? sensors : await select(sensors, namesOf);
    if (this.#isClosed) return;
    if (kept.length > 0) {
      this.#hasEntries = true;
      await take(component, kept, this.#turns);
    }
    if (last) this.#complete.add(component);
  }

  #read(data: Uint8Array): ListingChunk {
    try {
      return parseRequest<ListingChunk>('listingChunk', data);
    } catch (error) {
      const fault = filterFault(data);
      if (fault !== undefined) this.#filterFault = fault;
      throw error;
    }
  }

  #unanswered(components: Iterable<string>): string[] {
    return [...components].filter((component) => !this.#complete.has(component));
  }
}

function namesOf({ attributes: { name, katcp_name: katcpName } }: ListingEntry) {
  return { name, katcpName };
}

/** What an answer says against the filter, if it is an error and is about the filter. */
function filterFault(data: Uint8Array): string | undefined {
  try {
    const { error } = validate<ServiceErrorAnswer>('serviceError', JSON.parse(Buffer.from(data).toString()));
    return error.field === 'filter' ? error.message : undefined;
  } catch {
    return undefined;
  }
}
