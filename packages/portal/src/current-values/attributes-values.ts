import { setTimeout as delay } from 'node:timers/promises';
import { LoopTurns } from '@katbus/bus/daemon';
import { attributesSubject, CATALOGUE_PAGE, formatAddress, type Attributes } from '@katbus/protocol';
import { Publication } from '../delivery/publication.ts';
import type { Snapshot } from '../delivery/snapshot.ts';
import type { Listing } from '../listing/listing.ts';
import type { PortalLimits } from '../limits.ts';
import { RequestError } from '../rpc/errors.ts';
import type { StoreClient } from '../store-client.ts';

const LAG_POLL_MS = 50;

/**
 * The attributes that hold now. They are in the archive's catalogue as soon as the archiver has passed the marker; if it does not run or
 * lags behind, the components themselves are asked.
 */
export class AttributesValues {
  readonly #store: StoreClient;
  readonly #listing: Listing;
  readonly #limits: Pick<PortalLimits, 'storeTimeoutMs' | 'requestTimeoutMs'>;

  constructor(store: StoreClient, listing: Listing, limits: PortalLimits) {
    this.#store = store;
    this.#listing = listing;
    this.#limits = limits;
  }

  /**
   * @param components one, or all when undefined
   * @param through the marker's sequence in the stream ARCHIVE; undefined: there is none
   * @throws {RequestError} when neither the archive nor the components can be asked
   */
  async fill(snapshot: Snapshot, component: string | undefined, through: number | undefined): Promise<void> {
    const filter = component === undefined ? {} : { component };
    if (!(await this.#hasPassed(through))) {
      const absent = await this.#listing.visit(filter, (owner, entries) => {
        for (const { sensor, attributes } of entries) add(snapshot, owner, sensor, attributes);
      });
      if (absent.length > 0)
        snapshot.miss(
          `the attributes of ${absent.join(', ')}: the archive does not have them yet, and the component does not answer`,
        );
      return;
    }
    const turns = new LoopTurns();
    let after: string | undefined;
    do {
      const request = { ...filter, limit: CATALOGUE_PAGE.mostSensors, ...(after !== undefined && { after }) };
      const { sensors, next } = await this.#store.sensors(request);
      for (const { component: owner, sensor, attributes } of sensors) {
        if (turns.isOver) await turns.next();
        if (attributes !== undefined) add(snapshot, owner, sensor, attributes);
      }
      after = next;
    } while (after !== undefined);
  }

  /** Whether the archive has everything up to a sequence, now or within `storeTimeoutMs`. */
  async #hasPassed(sequence: number | undefined): Promise<boolean> {
    if (sequence === undefined) return false;
    const deadlineMs = performance.now() + this.#limits.storeTimeoutMs;
    try {
      for (;;) {
        const leftMs = deadlineMs - performance.now();
        if (leftMs <= 0) return false;
        if ((await this.#store.status(leftMs)).through >= sequence) return true;
        await delay(LAG_POLL_MS);
      }
    } catch (error) {
      if (error instanceof RequestError) return false;
      throw error;
    }
  }
}

function add(snapshot: Snapshot, component: string, sensor: string, attributes: Attributes): void {
  const key = `attributes ${formatAddress({ component, sensor })}`;
  const subject = attributesSubject(component);
  snapshot.add(new Publication('attributes', subject, key, JSON.stringify(attributes)));
}
