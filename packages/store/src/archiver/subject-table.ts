const FIRST_SLOTS = 1_024;
const FIRST_BYTES = 64 * 1024;
/** FNV-1a, 32 bits. */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Numbers subjects, by their bytes, from 0 on. With hundreds of thousands of sensors the time of a look-up is that of what is not in the
 * processor's cache: here that is one slot and the subject's bytes, where a Map of strings follows half a dozen references.
 */
export class SubjectTable {
  /** Number + 1 by hash, open addressing; 0: empty. */
  #slots = new Int32Array(FIRST_SLOTS);
  #hashes = new Int32Array(FIRST_SLOTS / 2);
  /** Where each subject's bytes begin; those of the next one end it. */
  #starts = new Int32Array(FIRST_SLOTS / 2 + 1);
  #bytes = new Uint8Array(FIRST_BYTES);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns -1 when it is not there */
  find(subject: Uint8Array): number {
    return this.#slots[this.#slotOf(subject, hashOf(subject))]! - 1;
  }

  /** @returns its number, new or not */
  add(subject: Uint8Array): number {
    const hash = hashOf(subject);
    const slot = this.#slotOf(subject, hash);
    const known = this.#slots[slot]!;
    if (known > 0) return known - 1;
    const number = this.#size++;
    this.#makeRoom(subject.length);
    this.#slots[slot] = number + 1;
    this.#hashes[number] = hash;
    const start = this.#starts[number]!;
    this.#bytes.set(subject, start);
    this.#starts[number + 1] = start + subject.length;
    if (2 * this.#size >= this.#slots.length) this.#rehash();
    return number;
  }

  /** The slot in which it is, or the empty one in which it belongs. */
  #slotOf(subject: Uint8Array, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      if (this.#isAt(entry - 1, subject)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #isAt(number: number, subject: Uint8Array): boolean {
    const start = this.#starts[number]!;
    if (this.#starts[number + 1]! - start !== subject.length) return false;
    const bytes = this.#bytes;
    // From the end: that is where subjects differ.
    for (let place = subject.length - 1; place >= 0; place--) {
      if (bytes[start + place] !== subject[place]) return false;
    }
    return true;
  }

  #makeRoom(length: number): void {
    const end = this.#starts[this.#size - 1]! + length;
    if (end > this.#bytes.length)
      this.#bytes = grown(this.#bytes, new Uint8Array(Math.max(end, 2 * this.#bytes.length)));
    if (this.#size < this.#starts.length) return;
    this.#starts = grown(this.#starts, new Int32Array(2 * this.#starts.length));
    this.#hashes = grown(this.#hashes, new Int32Array(2 * this.#starts.length));
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      let slot = this.#hashes[number]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function hashOf(subject: Uint8Array): number {
  let hash = FNV_BASIS;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- by index it takes half the time
  for (let place = 0; place < subject.length; place++) hash = Math.imul(hash ^ subject[place]!, FNV_PRIME);
  // The low bits choose the slot, and FNV mixes the high ones better.
  return hash ^ (hash >>> 15);
}

function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
