/** Something that wants to be called when its deadline has come. The three fields below belong to the wheel. */
export interface WheelEntry {
  /** When to call, microseconds of the wheel's clock; Infinity: not at all. May be changed at will, followed by {@link TimerWheel.schedule}. */
  readonly deadlineUs: number;
  /** Called once the deadline has come; the wheel then reads the new deadline. */
  expire(nowUs: number): void;
  wheelSlot: number;
  wheelNext: WheelEntry | undefined;
  wheelPrevious: WheelEntry | undefined;
}

/** How a wheel gets at what it needs of an entry, wherever that is kept. A slot is {@link NOT_IN_WHEEL} at first. */
export interface WheelAccess<Entry> {
  deadlineUs(entry: Entry): number;
  expire(entry: Entry, nowUs: number): void;
  slot(entry: Entry): number;
  setSlot(entry: Entry, slot: number): void;
  next(entry: Entry): Entry | undefined;
  setNext(entry: Entry, next: Entry | undefined): void;
  previous(entry: Entry): Entry | undefined;
  setPrevious(entry: Entry, previous: Entry | undefined): void;
}

const FIELDS: WheelAccess<WheelEntry> = {
  deadlineUs: (entry) => entry.deadlineUs,
  expire: (entry, nowUs) => entry.expire(nowUs),
  slot: (entry) => entry.wheelSlot,
  setSlot: (entry, slot) => (entry.wheelSlot = slot),
  next: (entry) => entry.wheelNext,
  setNext: (entry, next) => (entry.wheelNext = next),
  previous: (entry) => entry.wheelPrevious,
  setPrevious: (entry, previous) => (entry.wheelPrevious = previous),
};

/** Time between two slots: a deadline is met at most this much late. */
const SLOT_US = 10_000;
const SLOTS = 1024;
export const NOT_IN_WHEEL = -1;
/** Of the entries that are being looked at: their list stands behind the slots, so that one of them may change or remove another. */
const DUE = -2;
/** How long the loop may be taken at once, and after how many entries the clock is looked at: 200,000 sensors may be due together. */
const LONGEST_TURN_US = 5_000;
const ENTRIES_A_LOOK = 64;

/**
 * One timer for any number of entries (a hashed wheel: Varghese & Lauck, SOSP 1987, scheme 6).
 *
 * An entry sits in the slot of its deadline, or in the furthest one when that lies beyond a turn (10 s), and is looked at when
 * the slot comes. A deadline that moves later costs nothing: the entry is found early and put where it now belongs. That is
 * the usual case, because every sample sent moves its sensor's deadline.
 */
export class TimerWheel<Entry = WheelEntry> {
  private readonly slots = new Array<Entry | undefined>(SLOTS + 1);
  private readonly clockUs: () => number;
  private readonly access: WheelAccess<Entry>;
  private timer: NodeJS.Timeout | undefined;
  private timerSlot = Infinity;
  /** Every slot up to this one has been looked at; counts slots since the clock's zero, not within a turn. */
  private doneSlot: number;
  private count = 0;

  /** @param access default: the entries are objects with the fields of {@link WheelEntry} */
  constructor(clockUs: () => number, access: WheelAccess<Entry> = FIELDS as WheelAccess<never>) {
    this.clockUs = clockUs;
    this.access = access;
    this.doneSlot = Math.floor(clockUs() / SLOT_US);
  }

  /** The entry's deadline may have changed. */
  schedule(entry: Entry): void {
    const wanted = this.slotFor(this.access.deadlineUs(entry));
    const slot = this.access.slot(entry);
    if (slot !== NOT_IN_WHEEL) {
      if (slot <= wanted) return;
      this.unlink(entry);
    }
    if (wanted === Infinity) return;
    this.link(entry, wanted);
    if (wanted < this.timerSlot) this.wakeAt(wanted);
  }

  remove(entry: Entry): void {
    if (this.access.slot(entry) !== NOT_IN_WHEEL) this.unlink(entry);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.timerSlot = -Infinity; // nothing is earlier: no schedule starts the timer again
  }

  private slotFor(deadlineUs: number): number {
    if (deadlineUs === Infinity) return Infinity;
    const slot = Math.max(Math.ceil(deadlineUs / SLOT_US), this.doneSlot + 1);
    return Math.min(slot, this.doneSlot + SLOTS);
  }

  private wakeAt(slot: number): void {
    clearTimeout(this.timer);
    this.timerSlot = slot;
    this.timer = setTimeout(
      () => this.turn(),
      Math.max(Math.ceil((slot * SLOT_US - this.clockUs()) / 1000), 0),
    );
  }

  private turn(): void {
    const nowUs = this.clockUs();
    const nowSlot = Math.floor(nowUs / SLOT_US);
    this.timerSlot = Infinity;
    // After a long sleep (a suspended laptop) one whole turn sees every entry.
    const first = Math.max(this.doneSlot + 1, nowSlot - SLOTS + 1);
    this.doneSlot = Math.max(this.doneSlot, nowSlot);
    for (let slot = first; slot <= nowSlot; slot += 1) this.takeDue(slot);
    this.callDue(nowUs);
    // One that was called may have stopped the wheel.
    if (this.timerSlot !== -Infinity) this.wakeForNext();
  }

  private takeDue(slot: number): void {
    for (let entry = this.headOf(slot); entry !== undefined; entry = this.headOf(slot)) {
      this.unlink(entry);
      this.link(entry, DUE);
    }
  }

  /** Stops when it has taken the loop for too long; who is left is called in the next turn. */
  private callDue(nowUs: number): void {
    const { access } = this;
    let called = 0;
    for (let entry = this.headOf(DUE); entry !== undefined; entry = this.headOf(DUE)) {
      this.unlink(entry);
      if (access.deadlineUs(entry) <= nowUs) access.expire(entry, nowUs);
      // expire() may have scheduled it already.
      const isFree = access.slot(entry) === NOT_IN_WHEEL;
      const wanted = isFree ? this.slotFor(access.deadlineUs(entry)) : Infinity;
      if (wanted !== Infinity) this.link(entry, wanted);
      called += 1;
      if (called % ENTRIES_A_LOOK === 0 && this.clockUs() - nowUs > LONGEST_TURN_US) return;
    }
  }

  private wakeForNext(): void {
    if (this.count === 0) return;
    let slot = this.doneSlot;
    if (this.headOf(DUE) === undefined) {
      do slot += 1;
      while (this.headOf(slot) === undefined);
    }
    this.wakeAt(slot);
  }

  private headOf(slot: number): Entry | undefined {
    return this.slots[placeOf(slot)];
  }

  private link(entry: Entry, slot: number): void {
    const { access } = this;
    const place = placeOf(slot);
    const head = this.slots[place];
    access.setSlot(entry, slot);
    access.setNext(entry, head);
    access.setPrevious(entry, undefined);
    if (head !== undefined) access.setPrevious(head, entry);
    this.slots[place] = entry;
    this.count += 1;
  }

  private unlink(entry: Entry): void {
    const { access } = this;
    const next = access.next(entry);
    const previous = access.previous(entry);
    if (previous === undefined) this.slots[placeOf(access.slot(entry))] = next;
    else access.setNext(previous, next);
    if (next !== undefined) access.setPrevious(next, previous);
    access.setSlot(entry, NOT_IN_WHEEL);
    access.setNext(entry, undefined);
    access.setPrevious(entry, undefined);
    this.count -= 1;
  }
}

/** Where the list of a slot begins. */
function placeOf(slot: number): number {
  return slot === DUE ? SLOTS : slot % SLOTS;
}
