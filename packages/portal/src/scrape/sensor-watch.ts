import { LoopTurns } from '@katbus/bus/daemon';
import { isToken, natsPattern, type Attributes, type Pattern } from '@katbus/protocol';
import type { Delivery } from '../delivery/delivery.ts';
import type { DeliverySession } from '../delivery/delivery-session.ts';
import type { Publication } from '../delivery/publication.ts';
import type { Receiver } from '../delivery/receiver.ts';
import type { SnapshotPages } from '../delivery/snapshot-pages.ts';

/** Past so many sensors that no glob matches, those that come are compared with the globs each time. */
const MOST_STRANGERS = 100_000;

/** A session of the portal itself: the current samples of the sensors that some globs match, kept up to date as for any client. */
export class SensorWatch implements Receiver {
  readonly #globs: readonly Pattern[];
  readonly #mostSensors: number;
  readonly #session: DeliverySession;
  readonly #delivery: Delivery;
  readonly #ready: Promise<void>;
  readonly #samples = new Map<string, Publication>();
  readonly #attributes = new Map<string, Attributes>();
  /** Sensors that no glob matches: what is listened to is more than what is wanted, and a sensor may come many times a second. */
  readonly #strangers = new Set<string>();
  #pages: Promise<void> = Promise.resolve();
  #incomplete: string | undefined;
  #hasTooMany = false;
  #isClosed = false;

  constructor(delivery: Delivery, globs: readonly Pattern[], mostSensors: number) {
    this.#delivery = delivery;
    this.#globs = globs;
    this.#mostSensors = mostSensors;
    this.#session = delivery.open(this);
    this.#ready = this.#begin();
  }

  /** Resolves when the current values have been read. @throws {SnapshotMemoryError} */
  async ready(): Promise<void> {
    await this.#ready;
    await this.#pages;
  }

  /** By `<component>.<sensor>`. */
  get samples(): ReadonlyMap<string, Publication> {
    return this.#samples;
  }

  /** The same; of sensors whose attributes are known. */
  get attributes(): ReadonlyMap<string, Attributes> {
    return this.#attributes;
  }

  /** What could not be read, in words. */
  get incomplete(): string | undefined {
    return this.#incomplete;
  }

  /** More sensors match than may; those beyond are not kept. */
  get hasTooMany(): boolean {
    return this.#hasTooMany;
  }

  close(): void {
    this.#isClosed = true;
    this.#delivery.close(this.#session);
  }

  publish(publication: Publication): void {
    this.#take(publication, true);
  }

  snapshot(pages: SnapshotPages): void {
    this.#pages = this.#pages.then(() => this.#takePages(pages));
  }

  gap(): void {
    // A fresh snapshot follows by itself.
  }

  cannotKeepUp(): void {
    // It is for mode "all".
  }

  forget(): void {
    // Nothing waits here.
  }

  async #begin(): Promise<void> {
    const patterns = [...new Set(this.#globs.flatMap(subjectsOf))].map(natsPattern);
    const interest = { patterns, wantsSnapshot: true, strategy: 'auto', mode: 'newest' } as const;
    const { start } = await this.#session.subscribe(interest);
    start();
  }

  async #takePages(pages: SnapshotPages): Promise<void> {
    const turns = new LoopTurns();
    for (let page = pages.take(); page !== undefined; page = pages.take()) {
      if (this.#isClosed) {
        pages.drop();
        return;
      }
      for (const entry of page.entries) this.#take(entry, false);
      if (page.last) this.#incomplete = page.incomplete;
      if (turns.isOver) await turns.next();
    }
  }

  /** @param isLive the last that was published is what holds; an entry of a snapshot may be older than what came meanwhile */
  #take(publication: Publication, isLive: boolean): void {
    const { kind, timeUs } = publication;
    if (kind === 'message') return;
    const key = kind === 'sample' ? publication.key : publication.key.replace(/^attributes /, '');
    if (kind === 'attributes') {
      if (this.#attributes.size < this.#mostSensors && this.#matches(key))
        this.#attributes.set(key, JSON.parse(publication.json) as Attributes);
      return;
    }
    const before = this.#samples.get(key);
    if (before === undefined) {
      const isFull = this.#samples.size >= this.#mostSensors;
      if ((isFull && this.#hasTooMany) || !this.#matches(key)) return;
      if (isFull) {
        this.#hasTooMany = true;
        return;
      }
    } else if (!isLive && before.timeUs > timeUs) {
      return;
    }
    this.#samples.set(key, publication);
  }

  #matches(key: string): boolean {
    if (this.#strangers.has(key)) return false;
    const isWanted = this.#globs.some((glob) => glob.matches(key));
    if (!isWanted && this.#strangers.size < MOST_STRANGERS) this.#strangers.add(key);
    return isWanted;
  }
}

/** Where the sensors of a glob over `<component>.<sensor>` are published. Without a wildcard in the component only that one is listened to. */
function subjectsOf({ source }: Pattern): string[] {
  const [component = '', ...rest] = source.split('.');
  return rest.length > 0 && isToken(component)
    ? [`sensor.*.${component}.*`, `attributes.${component}`]
    : ['sensor.>', 'attributes.>'];
}
