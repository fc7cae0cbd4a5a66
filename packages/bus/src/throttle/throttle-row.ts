import {
  STATUSES,
  statusRank,
  type Holding,
  type SampleValue,
  type SamplingRule,
  type SamplingState,
  type Status,
  type ThrottleCounts,
} from '@katbus/protocol';
import { BYTE, COUNT, DOUBLE, RowStorage, VALUE, type ValuePlace } from './row-storage.ts';

const HOLDINGS: readonly Holding[] = ['nothing', 'value', 'status'];

/** Bits of a row's marks. The lowest three say of each value that it is no number. */
const HAS_NEWEST = 8;
const HAS_SENT = 16;
const OWES_ARCHIVE = 32;

const VALUE_DOUBLES = [DOUBLE.newestValue, DOUBLE.sentValue, DOUBLE.archivedValue] as const;

/** The row on which the cursor stands, as the sampling machine and the throttle see it. */
export class ThrottleRow extends RowStorage implements SamplingState {
  rule!: SamplingRule;

  get archivedAtUs(): number {
    return this.doubles[this.firstDouble + DOUBLE.archivedAtUs]!;
  }
  set archivedAtUs(us: number) {
    this.doubles[this.firstDouble + DOUBLE.archivedAtUs] = us;
  }
  get sentAtUs(): number {
    return this.doubles[this.firstDouble + DOUBLE.sentAtUs]!;
  }
  set sentAtUs(us: number) {
    this.doubles[this.firstDouble + DOUBLE.sentAtUs] = us;
  }
  get statusSentAtUs(): number {
    return this.doubles[this.firstDouble + DOUBLE.statusSentAtUs]!;
  }
  set statusSentAtUs(us: number) {
    this.doubles[this.firstDouble + DOUBLE.statusSentAtUs] = us;
  }
  get sentValueTimeUs(): number {
    return this.doubles[this.firstDouble + DOUBLE.sentValueTimeUs]!;
  }
  set sentValueTimeUs(us: number) {
    this.doubles[this.firstDouble + DOUBLE.sentValueTimeUs] = us;
  }
  get newestValueTimeUs(): number {
    return this.doubles[this.firstDouble + DOUBLE.newestValueTimeUs]!;
  }
  set newestValueTimeUs(us: number) {
    this.doubles[this.firstDouble + DOUBLE.newestValueTimeUs] = us;
  }
  get newestAtUs(): number {
    return this.doubles[this.firstDouble + DOUBLE.newestAtUs]!;
  }
  set newestAtUs(us: number) {
    this.doubles[this.firstDouble + DOUBLE.newestAtUs] = us;
  }
  /** `time` of the sensor's last sample, microseconds since 1970; 0: none. */
  get lastTimeUs(): number {
    return this.doubles[this.firstDouble + DOUBLE.lastTimeUs]!;
  }
  set lastTimeUs(us: number) {
    this.doubles[this.firstDouble + DOUBLE.lastTimeUs] = us;
  }

  get holding(): Holding {
    return HOLDINGS[this.bytes[this.firstByte + BYTE.holding]!]!;
  }
  set holding(holding: Holding) {
    this.bytes[this.firstByte + BYTE.holding] = holding === 'nothing' ? 0 : holding === 'value' ? 1 : 2;
  }
  get newestStatus(): Status {
    return STATUSES[this.bytes[this.firstByte + BYTE.newestStatus]!]!;
  }
  set newestStatus(status: Status) {
    this.bytes[this.firstByte + BYTE.newestStatus] = status === STATUSES[0] ? 0 : statusRank(status);
  }
  get sentStatus(): Status {
    return STATUSES[this.bytes[this.firstByte + BYTE.sentStatus]!]!;
  }
  set sentStatus(status: Status) {
    this.bytes[this.firstByte + BYTE.sentStatus] = statusRank(status);
  }

  get hasNewest(): boolean {
    return this.isMarked(HAS_NEWEST);
  }
  set hasNewest(has: boolean) {
    this.mark(HAS_NEWEST, has);
  }
  get hasSent(): boolean {
    return this.isMarked(HAS_SENT);
  }
  set hasSent(has: boolean) {
    this.mark(HAS_SENT, has);
  }
  get owesArchive(): boolean {
    return this.isMarked(OWES_ARCHIVE);
  }
  set owesArchive(owes: boolean) {
    this.mark(OWES_ARCHIVE, owes);
  }

  protected get throttleCounts(): ThrottleCounts {
    const count = (place: number) => this.counts[this.firstCount + place]!;
    const sent = {
      archive: count(COUNT.archive),
      normal: count(COUNT.normal),
      repeated: count(COUNT.repeated),
    };
    const dropped = {
      unchanged: count(COUNT.unchanged),
      superseded: count(COUNT.superseded),
      statusStorm: count(COUNT.statusStorm),
    };
    const waiting = this.holding === 'nothing' ? 0 : 1;
    // Each update has been sent, waits, or was dropped for one reason, so that their own count need not be kept.
    const updates =
      sent.archive +
      sent.normal -
      sent.repeated +
      waiting +
      dropped.unchanged +
      dropped.superseded +
      dropped.statusStorm;
    return { updates, ...sent, held: count(COUNT.held), ...dropped };
  }

  protected addToCount(place: number): void {
    this.counts[this.firstCount + place]! += 1;
  }

  /** Whether a value is a number, which {@link number} then gives. */
  protected isNumber(value: ValuePlace): boolean {
    return !this.isMarked(1 << value);
  }

  protected number(value: ValuePlace): number {
    return this.doubles[this.firstDouble + VALUE_DOUBLES[value]]!;
  }

  protected value(value: ValuePlace): SampleValue {
    return this.isNumber(value) ? this.number(value) : this.other(value);
  }

  protected setValue(value: ValuePlace, content: SampleValue): void {
    if (typeof content === 'number') {
      this.doubles[this.firstDouble + VALUE_DOUBLES[value]] = content;
      if (this.isNumber(value)) return;
      // What stood there before is let go, however large.
      this.setOther(value, null);
      this.mark(1 << value, false);
    } else {
      this.setOther(value, content);
      this.mark(1 << value, true);
    }
  }

  protected get sentValue(): SampleValue {
    return this.value(VALUE.sent);
  }

  private isMarked(mark: number): boolean {
    return (this.bytes[this.firstByte + BYTE.marks]! & mark) !== 0;
  }

  private mark(mark: number, is: boolean): void {
    const place = this.firstByte + BYTE.marks;
    this.bytes[place] = is ? this.bytes[place]! | mark : this.bytes[place]! & ~mark;
  }
}
