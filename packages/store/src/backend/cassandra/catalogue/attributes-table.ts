import type { Attributes, SensorAddress } from '@katbus/protocol';
import type { AttributesSpan } from '../../backend.ts';
import type { CqlSession } from '../session/cql-session.ts';
import type { AnnouncedAttributes } from './met-sensor.ts';
import type { WriteClock } from './write-clock.ts';

const INSERT = 'INSERT INTO attributes (component, sensor, from_t, json) VALUES (?, ?, ?, ?)';
const IN_FORCE = `
  SELECT from_t, json FROM attributes WHERE component = ? AND sensor = ? AND from_t <= ? ORDER BY from_t DESC LIMIT 1`;
const BETWEEN =
  'SELECT from_t, json FROM attributes WHERE component = ? AND sensor = ? AND from_t > ? AND from_t < ?';

/** Times that a `bigint` can hold: queries have no ends. */
const MOST_US = 2 ** 53;

/** The table `attributes`: all that were ever announced. */
export class AttributesTable {
  readonly #session: CqlSession;
  readonly #clock: WriteClock;

  constructor(session: CqlSession, clock: WriteClock) {
    this.#session = session;
    this.#clock = clock;
  }

  /** @throws {StoreError} */
  async write({ component, sensor }: SensorAddress, { fromUs, json }: AnnouncedAttributes): Promise<void> {
    await this.#session.execute(INSERT, [component, sensor, fromUs, json], {
      timestampUs: this.#clock.next(),
    });
  }

  /** Those that held at a time. @throws {StoreError} */
  async inForce(
    { component, sensor }: SensorAddress,
    timeUs: number,
  ): Promise<AnnouncedAttributes | undefined> {
    const [row] = await this.#session.execute(IN_FORCE, [component, sensor, bounded(timeUs)]);
    return row && { fromUs: Number(row.from_t), json: String(row.json) };
  }

  /** Those that held at some time in startUs <= time < endUs, oldest first. @throws {StoreError} */
  async between(address: SensorAddress, startUs: number, endUs: number): Promise<AttributesSpan[]> {
    const { component, sensor } = address;
    const first = await this.inForce(address, startUs);
    const spans = first === undefined || first.fromUs >= endUs ? [] : [toSpan(first)];
    for await (const rows of this.#session.pages(BETWEEN, [
      component,
      sensor,
      bounded(startUs),
      bounded(endUs),
    ])) {
      for (const row of rows) spans.push(toSpan({ fromUs: Number(row.from_t), json: String(row.json) }));
    }
    return spans;
  }
}

function bounded(timeUs: number): number {
  return Math.max(-MOST_US, Math.min(MOST_US, timeUs));
}

function toSpan({ fromUs, json }: AnnouncedAttributes): AttributesSpan {
  return { fromUs, attributes: JSON.parse(json) as Attributes };
}
