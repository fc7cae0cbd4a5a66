/**
 * Random numbers that a seed repeats (Marsaglia's xorshift128, 2003). Not for secrets.
 *
 * Every part of the model forks one of its own, by name: a part that draws more or fewer numbers than before then changes
 * nothing elsewhere.
 */
export class Random {
  private readonly name: string;
  private x: number;
  private y: number;
  private z: number;
  private w: number;
  private spareNormal: number | undefined;

  /** @param seed any text or number */
  constructor(seed: string | number) {
    this.name = String(seed);
    this.x = hash(`${this.name}/x`);
    this.y = hash(`${this.name}/y`);
    this.z = hash(`${this.name}/z`);
    this.w = hash(`${this.name}/w`) | 1; // all four zero would stay zero
    // Names that differ little begin with numbers that differ little.
    for (let turn = 0; turn < 16; turn += 1) this.next();
  }

  /** A source of its own for a part of the model. */
  fork(part: string): Random {
    return new Random(`${this.name}.${part}`);
  }

  /** 0 to below 1. */
  next(): number {
    const t = this.x ^ (this.x << 11);
    this.x = this.y;
    this.y = this.z;
    this.z = this.w;
    this.w = this.w ^ (this.w >>> 19) ^ t ^ (t >>> 8);
    return (this.w >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.next();
  }

  /** A whole number, 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }

  /** Mean 0, standard deviation 1 (Box and Muller). */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const spare = this.spareNormal;
      this.spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** The wait for the next of events that come at random, `mean` apart on average. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** How many of such events fall into a time in which `mean` are expected; for small means. */
  poisson(mean: number): number {
    let count = 0;
    for (let wait = this.exponential(1); wait < mean; wait += this.exponential(1)) count += 1;
    return count;
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let place = 0; place < text.length; place += 1) {
    value = Math.imul(value ^ text.charCodeAt(place), 0x01000193);
  }
  return value >>> 0;
}
