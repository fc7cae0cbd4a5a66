import { createHash } from 'node:crypto';
import { formatAddress, type SensorAddress } from '@katbus/protocol';

const ID_BITS = 52n;
const IDS = 2 ** 52;

/**
 * What a sensor's name makes of it: the first 52 bits of the SHA-256 of `component.sensor`, a positive integer. Of the name, so that a catalogue
 * that a crash has set back gives the same ids once more.
 */
export function hashedId(address: SensorAddress): number {
  const digest = createHash('sha256').update(formatAddress(address)).digest();
  return Number(digest.readBigUInt64BE() >> (64n - ID_BITS)) || 1;
}

/** The ids of a catalogue. That two names want the same one is a matter of ten thousand archives; then the later one gets the next that is free. */
export class SensorIds {
  readonly #taken = new Set<number>();

  /** The id is a sensor's already. */
  take(id: number): void {
    this.#taken.add(id);
  }

  idFor(address: SensorAddress): number {
    let id = hashedId(address);
    while (this.#taken.has(id)) id = id + 1 < IDS ? id + 1 : 1;
    this.#taken.add(id);
    return id;
  }
}
