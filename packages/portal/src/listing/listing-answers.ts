import type { ListedSensor, ListingChunk, ListResult } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { RequestError } from '../rpc/errors.ts';

/** What components have answered to one list request so far. */
export class ListingAnswers {
  readonly #sensors: ListedSensor[] = [];
  readonly #expected = new Set<string>();
  readonly #complete = new Set<string>();
  readonly #mostBytes: number;
  #knowsAll = false;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** These are all the components that should answer; others may. */
  expect(components: Iterable<string>): void {
    for (const component of components) this.#expected.add(component);
    this.#knowsAll = true;
  }

  get areComplete(): boolean {
    return this.#knowsAll && this.#absent.length === 0;
  }

  /**
   * @throws {RequestError} when the answer grows too large
   * @throws {SchemaError} when this is no chunk
   */
  take(data: Uint8Array): void {
    this.#bytes += data.length;
    if (this.#bytes > this.#mostBytes) {
      throw new RequestError('answerTooLarge', `the listing is larger than ${this.#mostBytes} bytes`);
    }
    const { component, sensors, last } = parseRequest<ListingChunk>('listingChunk', data);
    for (const entry of sensors) this.#sensors.push({ component, ...entry });
    if (last) this.#complete.add(component);
  }

  result(readings: boolean): ListResult {
    const sensors = readings
      ? this.#sensors
      : this.#sensors.map(({ component, sensor, attributes }) => ({ component, sensor, attributes }));
    sensors.sort((a, b) => compare(a.component, b.component) || compare(a.sensor, b.sensor));
    return { sensors, absent: this.#absent.sort(compare) };
  }

  get #absent(): string[] {
    return [...this.#expected].filter((component) => !this.#complete.has(component));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
