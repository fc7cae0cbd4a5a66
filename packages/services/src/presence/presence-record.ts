import {
  HEARTBEAT_DEFAULTS,
  isGone,
  type ComponentInstance,
  type ComponentPresence,
  type Heartbeat,
  type PresenceState,
} from '@katbus/protocol';

/** The two clocks that presence reads: deadlines are met by the one that never steps, people are told the other. */
export interface PresenceTime {
  readonly steadyMs: number;
  /** Unix seconds. */
  readonly seconds: number;
}

/** A heartbeat, or the answer to a ping of micro services: of components that send no heartbeats. */
export type SignOfLife = 'heartbeat' | 'ping';

/** What is known of one process of a component. */
interface KnownInstance {
  readonly told: Omit<ComponentInstance, 'lastHeartbeat'>;
  /** By which of its signs of life it is known. */
  readonly source: SignOfLife;
  /** False when another instance has appeared since its last sign of life: that one may be its successor, if it was killed. */
  isConfirmed: boolean;
  readonly lastSeconds: number;
  readonly intervalMs: number;
  /** When it counts as gone, by the steady clock. */
  deadlineMs: number;
}

/** Heartbeats are never on the moment: the third missing one is believed so much of an interval later, but at most a second. */
const LATE_SHARE = 0.5;
const MOST_LATE_MS = 1_000;
/** Instances of one component: who publishes rubbish on a heartbeat subject must not fill the memory. */
const MOST_INSTANCES = 16;
/** Of a heartbeat that names none. */
const NAMELESS = '';

/**
 * One component: its instances, and the state that follows from them. Times are arguments. Every method says whether what
 * others are told has changed.
 */
export class PresenceRecord {
  readonly component: string;
  private readonly here = new Map<string, KnownInstance>();
  /** Those who were last, once nobody is here. */
  private last: readonly KnownInstance[] = [];
  private state: PresenceState = 'absent';
  private since: number;
  private sensors: number | undefined;
  private lastSeconds: number | undefined;
  /** Since when it could be heard: before that it is known from an earlier presence service only. */
  private readonly heardFrom: number;
  /** What was told last, to be compared. */
  private told = '';

  constructor(component: string, since: number) {
    this.component = component;
    this.since = since;
    this.heardFrom = since;
  }

  /** As an earlier presence service has told it. Who was here then is not given up before `deadlineMs` and three intervals more. */
  static recall(told: ComponentPresence, seconds: number, deadlineMs: number): PresenceRecord {
    const record = new PresenceRecord(told.component, seconds);
    record.since = told.since;
    const intervalMs = 1000 * (told.intervalSeconds ?? HEARTBEAT_DEFAULTS.intervalSeconds);
    const instances = told.instances.map(({ lastHeartbeat, ...who }) => {
      const instance: KnownInstance = {
        told: who,
        source: 'heartbeat',
        isConfirmed: true,
        lastSeconds: lastHeartbeat,
        intervalMs,
        deadlineMs: deadlineMs + patienceMs(intervalMs),
      };
      return instance;
    });
    record.state = told.state;
    record.sensors = told.sensors;
    record.lastSeconds = told.lastHeartbeat;
    const isHere = told.state === 'present' || told.state === 'duplicate';
    if (isHere) for (const each of instances) record.here.set(each.told.instance ?? NAMELESS, each);
    else record.last = instances;
    record.told = textOf(told);
    return record;
  }

  /** Another presence service has told of it. @returns whether what is known here is something else */
  adopt(told: ComponentPresence): boolean {
    // It saw the state begin, or heard of it from the one before.
    if (told.state === this.state) this.since = told.since;
    this.told = textOf(told);
    return this.isChanged();
  }

  /** A sign of life. @returns whether something has changed */
  beat(heartbeat: Heartbeat, { steadyMs, seconds }: PresenceTime, source: SignOfLife = 'heartbeat'): boolean {
    const { instance = NAMELESS } = heartbeat;
    if (heartbeat.leaving === true) {
      this.leave(heartbeat, seconds);
      return this.isChanged();
    }
    if (source === 'ping' && !this.isNews(heartbeat)) return false;
    const known = this.here.get(instance);
    this.lastSeconds = seconds;
    this.sensors = heartbeat.sensors ?? this.sensors;
    if (known === undefined) {
      if (this.here.size >= MOST_INSTANCES) return false;
      for (const each of this.here.values()) each.isConfirmed = false;
    }
    const alive = newInstance(heartbeat, source, seconds, steadyMs);
    this.here.set(instance, alive);
    this.judge(seconds);
    return this.isChanged();
  }

  /** @returns whether something has changed */
  checkDeadlines({ steadyMs }: PresenceTime): boolean {
    const gone = [...this.here.entries()].filter(([, { deadlineMs }]) => deadlineMs <= steadyMs);
    if (gone.length === 0) return false;
    for (const [instance] of gone) this.here.delete(instance);
    if (this.here.size === 0) {
      this.last = gone.map(([, each]) => each);
      // Since when it is gone nobody knows better than by its last sign of life.
      this.become('absent', Math.max(this.lastSeconds ?? 0, this.heardFrom));
    } else {
      this.judge(Math.max(...gone.map(([, each]) => each.lastSeconds)));
    }
    return this.isChanged();
  }

  /** Heartbeats may have been missed by us: everybody has until then. */
  grant(deadlineMs: number): void {
    for (const each of this.here.values()) {
      each.deadlineMs = Math.max(each.deadlineMs, deadlineMs + patienceMs(each.intervalMs));
    }
  }

  /** @returns whether something has changed; a component that is here is not forgotten */
  forget(seconds: number): boolean {
    if (this.here.size > 0) return false;
    this.become('forgotten', seconds);
    return this.isChanged();
  }

  /** What others are told. */
  get presence(): ComponentPresence {
    const instances = this.here.size > 0 ? this.confirmed : this.last;
    const intervalMs = instances[0]?.intervalMs;
    return {
      component: this.component,
      state: this.state,
      since: this.since,
      ...(this.lastSeconds !== undefined && { lastHeartbeat: this.lastSeconds }),
      ...(intervalMs !== undefined && { intervalSeconds: intervalMs / 1000 }),
      ...(this.sensors !== undefined && { sensors: this.sensors }),
      instances: instances.map(({ told, lastSeconds }) => ({ ...told, lastHeartbeat: lastSeconds })),
    };
  }

  private leave(goodbye: Heartbeat, seconds: number): void {
    const isKnown = this.here.delete(goodbye.instance ?? NAMELESS);
    if (this.here.size > 0) {
      if (isKnown) this.judge(seconds);
      return;
    }
    // We may not have heard it before: it was cut off from us, or we have just begun to listen.
    if (!isKnown && this.state === 'forgotten') return;
    this.last = [newInstance(goodbye, 'heartbeat', seconds, 0)];
    this.lastSeconds = seconds;
    this.sensors = goodbye.sensors ?? this.sensors;
    this.become('left', seconds);
  }

  private judge(seconds: number): void {
    this.become(this.confirmed.length > 1 ? 'duplicate' : 'present', seconds);
  }

  /** Whether the answer to a ping, made at its `time`, tells something that heartbeats do not. */
  private isNews({ time }: Heartbeat): boolean {
    // Who sends heartbeats is judged by them alone: they come more often, and name their instance.
    if ([...this.here.values()].some(({ source }) => source === 'heartbeat')) return false;
    // It may have answered just before it left.
    return !isGone(this.state) || this.lastSeconds === undefined || this.since < time;
  }

  private get confirmed(): readonly KnownInstance[] {
    return [...this.here.values()].filter(({ isConfirmed }) => isConfirmed);
  }

  private become(state: PresenceState, since: number): void {
    if (state === this.state) return;
    this.state = state;
    this.since = since;
  }

  private isChanged(): boolean {
    const text = textOf(this.presence);
    if (text === this.told) return false;
    this.told = text;
    return true;
  }
}

/** All that is told but the times of the last heartbeats, which change with each. */
function textOf({ component, state, since, intervalSeconds, sensors, instances }: ComponentPresence): string {
  const who = instances.map(({ instance, host, pid, since: from, version }) => [
    instance,
    host,
    pid,
    from,
    version,
  ]);
  return JSON.stringify([component, state, since, intervalSeconds, sensors, who]);
}

/** How long after a sign of life the next may be. */
function patienceMs(intervalMs: number): number {
  return HEARTBEAT_DEFAULTS.mostMissed * intervalMs + Math.min(LATE_SHARE * intervalMs, MOST_LATE_MS);
}

function newInstance(
  heartbeat: Heartbeat,
  source: SignOfLife,
  seconds: number,
  steadyMs: number,
): KnownInstance {
  const intervalMs = 1000 * (heartbeat.intervalSeconds ?? HEARTBEAT_DEFAULTS.intervalSeconds);
  return {
    told: whoOf(heartbeat),
    source,
    isConfirmed: true,
    lastSeconds: seconds,
    intervalMs,
    deadlineMs: steadyMs + patienceMs(intervalMs),
  };
}

function whoOf({ instance, host, pid, since, version }: Heartbeat): KnownInstance['told'] {
  return {
    ...(instance !== undefined && { instance }),
    ...(host !== undefined && { host }),
    ...(pid !== undefined && { pid }),
    ...(since !== undefined && { since }),
    ...(version !== undefined && { version }),
  };
}
