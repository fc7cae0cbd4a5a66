import { isToken, type ComponentPresence, type Heartbeat } from '@katbus/protocol';
import { PresenceRecord, type PresenceTime, type SignOfLife } from './presence-record.ts';

/** Told of each component whose presence has changed. */
export type PresenceListener = (presence: ComponentPresence) => void;

/** Past so many components, new ones are not taken up: who publishes on endless subjects must not fill the memory. */
const MOST_COMPONENTS = 10_000;

/** All components that were heard of. Every `katbus services` has one; the elected one tells the others of it. */
export class PresenceTable {
  private readonly records = new Map<string, PresenceRecord>();
  private readonly onChange: PresenceListener;
  /** Signs of life, and what was told of components, that found no room. */
  refused = 0;

  constructor(onChange: PresenceListener) {
    this.onChange = onChange;
  }

  get size(): number {
    return this.records.size;
  }

  /** How many there are of each state. */
  count(state: ComponentPresence['state']): number {
    let count = 0;
    for (const { presence } of this.records.values()) if (presence.state === state) count += 1;
    return count;
  }

  get(component: string): ComponentPresence | undefined {
    return this.records.get(component)?.presence;
  }

  /** By name. */
  list(): ComponentPresence[] {
    const all = [...this.records.values()].map(({ presence }) => presence);
    return all.sort((a, b) => (a.component < b.component ? -1 : 1));
  }

  /** A heartbeat, or an answer to a ping put as one. */
  beat(heartbeat: Heartbeat, now: PresenceTime, source: SignOfLife = 'heartbeat'): void {
    const { component } = heartbeat;
    let record = this.records.get(component);
    if (record === undefined) {
      if (!isToken(component) || !this.hasRoom()) return;
      record = new PresenceRecord(component, now.seconds);
      this.records.set(component, record);
    }
    if (record.beat(heartbeat, now, source)) this.onChange(record.presence);
  }

  /**
   * Takes up what an earlier presence service has told of a component, and tells what is known better here.
   * @param deadlineMs a component that only that one has heard is not given up before this and three intervals more
   */
  recall(told: ComponentPresence, seconds: number, deadlineMs: number): void {
    const record = this.records.get(told.component);
    if (record !== undefined) {
      if (record.adopt(told)) this.onChange(record.presence);
    } else if (this.hasRoom()) {
      this.records.set(told.component, PresenceRecord.recall(told, seconds, deadlineMs));
    }
  }

  checkDeadlines(now: PresenceTime): void {
    for (const record of this.records.values()) {
      if (record.checkDeadlines(now)) this.onChange(record.presence);
    }
  }

  /** We may have missed heartbeats: nobody is given up before `deadlineMs` and three intervals more. */
  grant(deadlineMs: number): void {
    for (const record of this.records.values()) record.grant(deadlineMs);
  }

  /** @returns its presence then, which says `forgotten` unless it is here; undefined when it is not known */
  forget(component: string, seconds: number): ComponentPresence | undefined {
    const record = this.records.get(component);
    if (record?.forget(seconds) === true) this.onChange(record.presence);
    return record?.presence;
  }

  /** Counts when there is none. */
  private hasRoom(): boolean {
    if (this.size < MOST_COMPONENTS) return true;
    this.refused += 1;
    return false;
  }
}
