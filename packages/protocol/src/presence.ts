import type { Heartbeat } from './heartbeat.ts';

/**
 * How a component stands to the bus:
 * - `present`: heartbeats come, from one instance;
 * - `duplicate`: they come from several instances under one name, whose samples mix;
 * - `absent`: three heartbeats are missing, and nobody said goodbye: it has died, hangs or is cut off;
 * - `left`: it said goodbye;
 * - `forgotten`: an operator said that it will not come back; a heartbeat undoes it.
 */
export const PRESENCE_STATES = ['present', 'duplicate', 'absent', 'left', 'forgotten'] as const;
export type PresenceState = (typeof PRESENCE_STATES)[number];

/** One process of a component, as its heartbeats tell. Programs that tell less than ours lack fields. */
export interface ComponentInstance extends Pick<
  Heartbeat,
  'instance' | 'host' | 'pid' | 'since' | 'version'
> {
  /** When its last sign of life came, by the clock of the presence service: Unix seconds. */
  readonly lastHeartbeat: number;
}

/** The message on `portal.component.<name>`: published when something of it but `lastHeartbeat` has changed. */
export interface ComponentPresence {
  readonly component: string;
  readonly state: PresenceState;
  /** Since when it is in this state, Unix seconds; of `absent` the last sign of life, if that was seen. */
  readonly since: number;
  /** The last sign of life of any instance by when this was published, Unix seconds; absent: none was ever seen. */
  readonly lastHeartbeat?: number;
  /** Seconds between two heartbeats, as the component says. */
  readonly intervalSeconds?: number;
  /** How many sensors it has, or had. */
  readonly sensors?: number;
  /** Those who are there; of a component that is gone, those who were last. */
  readonly instances: readonly ComponentInstance[];
}

/** Micro service of the presence service. */
export const PRESENCE_SUBJECTS = { list: 'rpc.presence.list', forget: 'rpc.presence.forget' } as const;

/** The answer of `rpc.presence.list`: every component, by name, `forgotten` ones too. */
export interface PresenceList {
  readonly components: readonly ComponentPresence[];
}

/** `rpc.presence.forget`; the answer is the new {@link ComponentPresence}. */
export interface ForgetRequest {
  readonly component: string;
}

export function presenceSubject(component: string): string {
  return `portal.component.${component}`;
}

/** Whether the last values of a component's sensors are stale: nobody is there who would publish new ones. */
export function isGone(state: PresenceState): boolean {
  return state === 'absent' || state === 'left' || state === 'forgotten';
}
