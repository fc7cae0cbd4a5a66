/** Bits: enough to tell some ten thousand sensors, which is when there are as many shards as there can be. */
const BITS = 65_536;

/** Counts different sensors, about (linear counting, Whang et al. 1990), in 8 kB however often they come. */
export class SensorCount {
  readonly #bits = new Uint32Array(BITS / 32);
  #set = 0;

  /** @param sensor an id: a hash, whose lowest bits are as good as any */
  add(sensor: number): void {
    const bit = sensor % BITS;
    const mask = 1 << (bit & 31);
    const word = bit >>> 5;
    if ((this.#bits[word]! & mask) !== 0) return;
    this.#bits[word]! |= mask;
    this.#set++;
  }

  get count(): number {
    return this.#set === BITS ? Infinity : Math.round(-BITS * Math.log(1 - this.#set / BITS));
  }
}
