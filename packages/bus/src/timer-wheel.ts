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

/** Time between two slots: a deadline is met at most this much late. */
const SLOT_US = 10_000;
const SLOTS = 1024;
const NOT_IN_WHEEL = -1;
/** Of the entries that are being looked at: their list stands behind the slots, so that one of them may change or remove another. */
const DUE = -2;

/**
 * One timer for any number of entries (a hashed wheel: Varghese & Lauck, SOSP 1987, scheme 6).
 *
 * An entry sits in the slot of its deadline, or in the furthest one when that lies beyond a turn (10 s), and is looked at when
 * the slot comes. A deadline that moves later costs nothing: the entry is found early and put where it now belongs. That is
 * the usual case, because every sample sent moves its sensor's deadline.
 */
export class TimerWheel {
  private readonly slots = new Array<WheelEntry | undefined>(SLOTS + 1);
  private readonly clockUs: () => number;
  private timer: NodeJS.Timeout | undefined;
  private timerSlot = Infinity;
  /** Every slot up to this one has been looked at; counts slots since the clock's zero, not within a turn. */
  private doneSlot: number;
  private count = 0;

  constructor(clockUs: () => number) {
    this.clockUs = clockUs;
    this.doneSlot = Math.floor(clockUs() / SLOT_US);
  }

  /** The entry's deadline may have changed. */
  schedule(entry: WheelEntry): void {
    const wanted = this.slotFor(entry.deadlineUs);
    if (entry.wheelSlot !== NOT_IN_WHEEL) {
      if (entry.wheelSlot <= wanted) return;
      this.unlink(entry);
    }
    if (wanted === Infinity) return;
    this.link(entry, wanted);
    if (wanted < this.timerSlot) this.wakeAt(wanted);
  }

  remove(entry: WheelEntry): void {
    if (entry.wheelSlot !== NOT_IN_WHEEL) this.unlink(entry);
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
    for (let slot = first; slot <= nowSlot; slot += 1) this.visit(slot, nowUs);
    this.wakeForNext();
  }

  private visit(slot: number, nowUs: number): void {
    for (let entry = this.slots[slot % SLOTS]; entry !== undefined; entry = this.slots[slot % SLOTS]) {
      this.unlink(entry);
      this.link(entry, DUE);
    }
    for (let entry = this.slots[SLOTS]; entry !== undefined; entry = this.slots[SLOTS]) {
      this.unlink(entry);
      if (entry.deadlineUs <= nowUs) entry.expire(nowUs);
      // expire() may have scheduled it already.
      if (entry.wheelSlot === NOT_IN_WHEEL && entry.deadlineUs !== Infinity)
        this.link(entry, this.slotFor(entry.deadlineUs));
    }
  }

  private wakeForNext(): void {
    if (this.count === 0) return;
    let slot = this.doneSlot + 1;
    while (this.slots[slot % SLOTS] === undefined) slot += 1;
    this.wakeAt(slot);
  }

  private link(entry: WheelEntry, slot: number): void {
    const head = this.slots[placeOf(slot)];
    entry.wheelSlot = slot;
    entry.wheelNext = head;
    entry.wheelPrevious = undefined;
    if (head !== undefined) head.wheelPrevious = entry;
    this.slots[placeOf(slot)] = entry;
    this.count += 1;
  }

  private unlink(entry: WheelEntry): void {
    const { wheelNext: next, wheelPrevious: previous } = entry;
    if (previous === undefined) this.slots[placeOf(entry.wheelSlot)] = next;
    else previous.wheelNext = next;
    if (next !== undefined) next.wheelPrevious = previous;
    entry.wheelSlot = NOT_IN_WHEEL;
    entry.wheelNext = undefined;
    entry.wheelPrevious = undefined;
    this.count -= 1;
  }
}

/** Where the list of a slot begins. */
function placeOf(slot: number): number {
  return slot === DUE ? SLOTS : slot % SLOTS;
}
