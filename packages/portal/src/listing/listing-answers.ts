import { LoopTurns } from '@katbus/bus/daemon';
import type { ListedSensor, ListingChunk, ListResult, ServiceErrorAnswer } from '@katbus/protocol';
import { parseRequest, validate } from '@katbus/protocol/schemas';
import type { RequestFilter } from '../filters/filters.ts';
import { RequestError } from '../rpc/errors.ts';
import { mergeSorted } from './merge-sorted.ts';

/** What components have answered to one list request so far. Answers are read in turns, one after the other, in the order in which they came. */
export class ListingAnswers {
  readonly #select: RequestFilter['select'];
  readonly #mostBytes: number;
  /** A chunk each, in order of component and sensor. */
  readonly #chunks: ListedSensor[][] = [];
  readonly #expected = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #complete = new Set<string>();
  /** A chunk is read in one go, in some milliseconds: it is begun only in a turn that has hardly begun itself. */
  readonly #turns = new LoopTurns({ mostMs: 2 });
  #last: Promise<unknown> = Promise.resolve();
  #knowsAll = false;
  #bytes = 0;
  /** Why a component could not use the filter. */
  #filterFault: string | undefined;

  /** @param select what is left of the filter to be done here */
  constructor(mostBytes: number, select: RequestFilter['select']) {
    this.#mostBytes = mostBytes;
    this.#select = select;
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
   * @throws {RequestError} when the answer grows too large, or the filter takes too long
   * @throws {SchemaError} when this is no chunk
   */
  async take(data: Uint8Array): Promise<void> {
    this.#bytes += data.length;
    if (this.#bytes > this.#mostBytes) {
      throw new RequestError('answerTooLarge', `the listing is larger than ${this.#mostBytes} bytes`);
    }
    const reading = this.#last.then(() => this.#takeInTurn(data));
    this.#last = reading.catch(() => undefined);
    await reading;
  }

  async #takeInTurn(data: Uint8Array): Promise<void> {
    if (this.#turns.isOver) await this.#turns.next();
    const { component, sensors, last } = this.#read(data);
    const kept =
      this.#select === undefined
        ? sensors
        : await this.#select(sensors, ({ attributes: { name, katcp_name: katcpName } }) => ({
            name,
            katcpName,
          }));
    // What the filter lets go takes no room.
    if (kept.length < sensors.length) this.#bytes -= data.length * (1 - kept.length / sensors.length);
    if (kept.length > 0) this.#chunks.push(kept.map((entry) => ({ component, ...entry })).sort(compare));
    if (last) this.#complete.add(component);
  }

  /** @throws {RequestError} when no component could use the filter */
  async result(readings: boolean): Promise<ListResult> {
    if (this.#chunks.length === 0 && this.#filterFault !== undefined)
      throw new RequestError('invalidParams', this.#filterFault, 'filter');
    const turns = this.#turns;
    const sensors = await mergeSorted(this.#chunks, compare, turns);
    if (!readings) {
      for (const [place, { component, sensor, attributes }] of sensors.entries()) {
        if (turns.isOver) await turns.next();
        sensors[place] = { component, sensor, attributes };
      }
    }
    const absent = this.#unanswered(new Set([...this.#expected, ...this.#gone]));
    return { sensors, absent: absent.sort() };
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

/** What an answer says against the filter, if it is an error and is about the filter. */
function filterFault(data: Uint8Array): string | undefined {
  try {
    const { error } = validate<ServiceErrorAnswer>('serviceError', JSON.parse(Buffer.from(data).toString()));
    return error.field === 'filter' ? error.message : undefined;
  } catch {
    return undefined;
  }
}

function compare(a: ListedSensor, b: ListedSensor): number {
  if (a.component !== b.component) return a.component < b.component ? -1 : 1;
  return a.sensor < b.sensor ? -1 : a.sensor > b.sensor ? 1 : 0;
}
